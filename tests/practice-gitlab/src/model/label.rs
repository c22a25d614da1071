//! Labels of projects and groups.

use jiff::Timestamp;

/// A label.
#[derive(Debug, Clone)]
pub struct Label {
    /// Number, unique in the instance.
    pub id: u64,
    /// What it says.
    pub title: String,
    /// `#rrggbb`.
    pub color: String,
    /// A longer text.
    pub description: Option<String>,
    /// Order among prioritised labels; smaller is more important.
    pub priority: Option<u64>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

impl Label {
    /// Black on bright colours, white on dark ones, by the brightness sum of
    /// `app/models/concerns` `text_color_for_bg`.
    pub fn text_color(&self) -> &'static str {
        let channel = |at: usize| {
            self.color
                .get(at..at + 2)
                .and_then(|pair| u32::from_str_radix(pair, 16).ok())
                .unwrap_or(0)
        };
        if channel(1) + channel(3) + channel(5) > 500 {
            "#1F1E24"
        } else {
            "#FFFFFF"
        }
    }
}

/// Turns a colour as people write it into `#rrggbb`: hex with three or six
/// digits, or one of the CSS names GitLab knows.
pub fn normal_color(color: &str) -> Option<String> {
    const NAMES: [(&str, &str); 16] = [
        ("red", "#FF0000"),
        ("green", "#008000"),
        ("blue", "#0000FF"),
        ("yellow", "#FFFF00"),
        ("orange", "#FFA500"),
        ("purple", "#800080"),
        ("black", "#000000"),
        ("white", "#FFFFFF"),
        ("gray", "#808080"),
        ("grey", "#808080"),
        ("pink", "#FFC0CB"),
        ("teal", "#008080"),
        ("navy", "#000080"),
        ("lime", "#00FF00"),
        ("maroon", "#800000"),
        ("crimson", "#DC143C"),
    ];
    let color = color.trim();
    if let Some((_, hex)) = NAMES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(color))
    {
        return Some((*hex).to_owned());
    }
    let digits = color.strip_prefix('#')?;
    if !digits.chars().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    match digits.len() {
        6 => Some(color.to_owned()),
        3 => Some(digits.chars().fold("#".to_owned(), |text, digit| {
            format!("{text}{digit}{digit}")
        })),
        _ => None,
    }
}
