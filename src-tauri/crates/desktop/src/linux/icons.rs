//! The tray's icons: a tower, with a badge for what is going on, for dark and
//! for light panels.

use std::sync::LazyLock;

use ksni::Icon;
use labkeep_engine::view::Protection;

/// The panel that the icon has to be seen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Panel {
    /// Needs a bright icon.
    Dark,
    /// Needs a dark icon.
    Light,
    /// Needs an icon that is seen on both: a bright one with a dark outline.
    Unknown,
}

/// The width of an icon whose outline is one pixel.
const GRID: i32 = 22;

/// The outline: red, green, blue, each as in the dark icons' own details.
const OUTLINE: [u32; 3] = [0x19, 0x18, 0x16];

/// One state in two sizes.
type Sizes = Vec<Icon>;

macro_rules! icon {
    ($name:literal) => {
        [
            decode(include_bytes!(concat!(
                "../../../../../icons/tray/",
                $name,
                ".png"
            ))),
            decode(include_bytes!(concat!(
                "../../../../../icons/tray/",
                $name,
                "@2x.png"
            ))),
        ]
        .into()
    };
}

/// All icons of a kind of panel.
struct Set {
    protected: Sizes,
    running: Sizes,
    needs_attention: Sizes,
    paused: Sizes,
}

static DARK: LazyLock<Set> = LazyLock::new(|| Set {
    protected: icon!("protected-dark"),
    running: icon!("running-dark"),
    needs_attention: icon!("needs-attention-dark"),
    paused: icon!("paused-dark"),
});

static LIGHT: LazyLock<Set> = LazyLock::new(|| Set {
    protected: icon!("protected-light"),
    running: icon!("running-light"),
    needs_attention: icon!("needs-attention-light"),
    paused: icon!("paused-light"),
});

static OUTLINED: LazyLock<Set> = LazyLock::new(|| Set {
    protected: DARK.protected.iter().map(outlined).collect(),
    running: DARK.running.iter().map(outlined).collect(),
    needs_attention: DARK.needs_attention.iter().map(outlined).collect(),
    paused: DARK.paused.iter().map(outlined).collect(),
});

/// The icon of a state.
pub fn icon(protection: Protection, panel: Panel) -> Vec<Icon> {
    let set = match panel {
        Panel::Dark => &DARK,
        Panel::Light => &LIGHT,
        Panel::Unknown => &OUTLINED,
    };
    match protection {
        Protection::Protected => set.protected.clone(),
        Protection::Running => set.running.clone(),
        Protection::NeedsAttention => set.needs_attention.clone(),
        Protection::Paused | Protection::NotSetUp => set.paused.clone(),
    }
}

/// Pixels as the specification wants them: alpha first, in network order.
fn decode(file: &[u8]) -> Icon {
    let mut reader = png::Decoder::new(std::io::Cursor::new(file))
        .read_info()
        .expect("the icon is a PNG, built in");
    let size = reader.output_buffer_size().expect("the icon is small");
    let mut data = vec![0; size];
    let frame = reader.next_frame(&mut data).expect("the icon is whole");
    assert_eq!(frame.color_type, png::ColorType::Rgba, "icons have alpha");
    for pixel in data.chunks_exact_mut(4) {
        pixel.rotate_right(1);
    }
    let length = |pixels: u32| i32::try_from(pixels).expect("the icon is small");
    Icon {
        width: length(frame.width),
        height: length(frame.height),
        data,
    }
}

/// The icon with an outline: under each pixel lies a dark one, as opaque as
/// the most opaque pixel around.
fn outlined(icon: &Icon) -> Icon {
    let reach = icon.width / GRID;
    let alpha = |x: i32, y: i32| {
        let is_inside = (0..icon.width).contains(&x) && (0..icon.height).contains(&y);
        let index = usize::try_from((y * icon.width + x) * 4).unwrap_or(0);
        if is_inside {
            u32::from(icon.data[index])
        } else {
            0
        }
    };
    let mut data = icon.data.clone();
    let places = (0..icon.height).flat_map(|y| (0..icon.width).map(move |x| (x, y)));
    for (pixel, (x, y)) in data.chunks_exact_mut(4).zip(places) {
        let around = (-reach..=reach).flat_map(|dy| (-reach..=reach).map(move |dx| (dx, dy)));
        let most = around.map(|(dx, dy)| alpha(x + dx, y + dy)).max();
        let own = u32::from(pixel[0]);
        let under = most.unwrap_or(0) * (255 - own) / 255;
        let all = own + under;
        if all == 0 {
            continue;
        }
        for (colour, dark) in pixel[1..].iter_mut().zip(OUTLINE) {
            let mixed = (u32::from(*colour) * own + dark * under) / all;
            *colour = u8::try_from(mixed).unwrap_or(u8::MAX);
        }
        pixel[0] = u8::try_from(all).unwrap_or(u8::MAX);
    }
    Icon { data, ..*icon }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_looks_different_on_every_panel() {
        let states = [
            Protection::Protected,
            Protection::Running,
            Protection::NeedsAttention,
            Protection::Paused,
        ];
        let mut seen = std::collections::HashSet::new();
        for panel in [Panel::Dark, Panel::Light, Panel::Unknown] {
            for state in states {
                let icons = icon(state, panel);
                assert_eq!([22, 44], [icons[0].width, icons[1].width]);
                assert!(seen.insert(icons[0].data.clone()), "{state:?} {panel:?}");
            }
        }
    }

    #[test]
    fn an_outline_is_dark_where_nothing_was_and_changes_nothing_else() {
        let mut data = vec![0; 22 * 22 * 4];
        let middle = (11 * 22 + 11) * 4;
        data[middle..middle + 4].copy_from_slice(&[255, 240, 241, 242]);
        let dot = Icon {
            width: 22,
            height: 22,
            data,
        };
        let outlined = outlined(&dot).data;
        assert_eq!(outlined[middle..middle + 4], [255, 240, 241, 242]);
        assert_eq!(outlined[middle + 4..middle + 8], [255, 0x19, 0x18, 0x16]);
        assert_eq!(outlined[middle + 8..middle + 12], [0; 4]);
    }
}
