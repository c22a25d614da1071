//! The recovery kit as a page to print. The fonts are those that every reader
//! has; letters that they lack are refused, never replaced.

use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str, TextStr};

use super::kit_page::Part;

/// A4, in points.
const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const MARGIN: f32 = 56.0;
const ROOM: f32 = WIDTH - 2.0 * MARGIN;

/// Groups of the key on a line.
const GROUPS: usize = 4;

/// Letters that cannot be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unprintable;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Font {
    Plain,
    Bold,
    Mono,
    MonoBold,
}

const FONTS: [(Font, &[u8], &[u8]); 4] = [
    (Font::Plain, b"F1", b"Helvetica"),
    (Font::Bold, b"F2", b"Helvetica-Bold"),
    (Font::Mono, b"F3", b"Courier"),
    (Font::MonoBold, b"F4", b"Courier-Bold"),
];

/// A line and the room that it takes.
struct Line {
    font: Font,
    size: f32,
    /// Room above it.
    above: f32,
    text: Vec<u8>,
}

/// The page as a PDF file.
pub(super) fn pdf(parts: &[Part]) -> Result<Vec<u8>, Unprintable> {
    let pages = paginate(lines(parts)?);
    let mut pdf = Pdf::new();
    let mut next = Ref::new(1);
    let (catalog, tree, info) = (next.bump(), next.bump(), next.bump());
    let fonts: Vec<Ref> = FONTS.iter().map(|_| next.bump()).collect();
    let ids: Vec<(Ref, Ref)> = pages.iter().map(|_| (next.bump(), next.bump())).collect();
    pdf.catalog(catalog).pages(tree);
    pdf.document_info(info)
        .title(TextStr("Labkeep recovery kit"));
    let count = i32::try_from(pages.len()).expect("a kit has few pages");
    pdf.pages(tree)
        .kids(ids.iter().map(|(page, _)| *page))
        .count(count);
    for ((_, _, base), id) in FONTS.iter().zip(&fonts) {
        pdf.type1_font(*id)
            .base_font(Name(base))
            .encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    for (lines, (id, content)) in pages.iter().zip(&ids) {
        let mut page = pdf.page(*id);
        page.parent(tree)
            .media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT))
            .contents(*content);
        let mut resources = page.resources();
        let mut names = resources.fonts();
        for ((_, name, _), font) in FONTS.iter().zip(&fonts) {
            names.pair(Name(name), *font);
        }
        names.finish();
        resources.finish();
        page.finish();
        pdf.stream(*content, &draw(lines));
    }
    Ok(pdf.finish())
}

fn draw(lines: &[Line]) -> Vec<u8> {
    let mut content = Content::new();
    let mut y = HEIGHT - MARGIN;
    for line in lines {
        y -= line.above + line.size;
        let name = FONTS.iter().find(|(font, _, _)| *font == line.font);
        let (_, name, _) = name.expect("every font has a name");
        content.begin_text();
        content.set_font(Name(name), line.size);
        content.next_line(MARGIN, y);
        content.show(Str(&line.text));
        content.end_text();
    }
    content.finish().to_vec()
}

fn paginate(lines: Vec<Line>) -> Vec<Vec<Line>> {
    let mut pages = vec![Vec::new()];
    let mut left = HEIGHT - 2.0 * MARGIN;
    for line in lines {
        let height = line.above + line.size;
        if height > left {
            pages.push(Vec::new());
            left = HEIGHT - 2.0 * MARGIN;
        }
        left -= height;
        pages.last_mut().expect("there is a page").push(line);
    }
    pages
}

fn lines(parts: &[Part]) -> Result<Vec<Line>, Unprintable> {
    let mut lines: Vec<Line> = Vec::new();
    for part in parts {
        match part {
            Part::Title(text) => add(&mut lines, Font::Bold, 22.0, 0.0, text)?,
            Part::Heading(text) => add(&mut lines, Font::Bold, 12.0, 14.0, text)?,
            Part::Text(text) => add(&mut lines, Font::Plain, 10.0, 6.0, text)?,
            Part::Code(text) => {
                let is_first = lines.last().is_none_or(|line| line.font != Font::Mono);
                let above = if is_first { 7.0 } else { 3.0 };
                let size = fitting(text).clamp(5.0, 9.0);
                add(&mut lines, Font::Mono, size, above, text)?;
            }
            Part::Key(key) => {
                let groups: Vec<&str> = key.split_inclusive('-').collect();
                for (number, some) in groups.chunks(GROUPS).enumerate() {
                    let above = if number == 0 { 9.0 } else { 5.0 };
                    lines.push(Line {
                        font: Font::MonoBold,
                        size: 19.0,
                        above,
                        text: encoded(&some.concat())?,
                    });
                }
            }
        }
    }
    Ok(lines)
}

/// The size in which a line of code is as wide as the page.
fn fitting(code: &str) -> f32 {
    let characters = u16::try_from(code.chars().count().max(1)).unwrap_or(u16::MAX);
    ROOM / (0.6 * f32::from(characters))
}

/// Adds a text, broken at spaces where it is too long, or else anywhere.
fn add(
    lines: &mut Vec<Line>,
    font: Font,
    size: f32,
    above: f32,
    text: &str,
) -> Result<(), Unprintable> {
    let mut above = above;
    let mut rest = encoded(text)?;
    while !rest.is_empty() {
        let end = fits(&rest, font, size);
        let line: Vec<u8> = rest.drain(..end).collect();
        lines.push(Line {
            font,
            size,
            above,
            text: line,
        });
        above = size * 0.3;
        if rest.first() == Some(&b' ') && font != Font::Mono {
            rest.remove(0);
        }
    }
    Ok(())
}

/// How many bytes of a text fit on a line.
fn fits(text: &[u8], font: Font, size: f32) -> usize {
    let mut width = 0.0;
    let mut space = None;
    for (place, byte) in text.iter().enumerate() {
        width += width_of(*byte, font) * size;
        if width > ROOM + 0.1 {
            return match (space, font) {
                (Some(space), Font::Plain | Font::Bold) => space,
                _ => place.max(1),
            };
        }
        if *byte == b' ' {
            space = Some(place);
        }
    }
    text.len()
}

/// The width of a letter of size 1.
fn width_of(byte: u8, font: Font) -> f32 {
    let thousandths = match font {
        Font::Mono | Font::MonoBold => 600,
        Font::Plain => widths(byte),
        // Bold letters are up to a tenth wider.
        Font::Bold => widths(byte) + widths(byte) / 8,
    };
    f32::from(thousandths) / 1000.0
}

/// Widths of Helvetica from the space to the tilde; other letters are not
/// wider than these.
fn widths(byte: u8) -> u16 {
    const WIDTHS: [u16; 95] = [
        278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556,
        556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722,
        722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722,
        667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556,
        556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500,
        500, 334, 260, 334, 584,
    ];
    let place = usize::from(byte).checked_sub(32);
    place
        .and_then(|place| WIDTHS.get(place).copied())
        .unwrap_or(1000)
}

/// A text in the encoding of the fonts.
fn encoded(text: &str) -> Result<Vec<u8>, Unprintable> {
    text.chars()
        .map(|letter| {
            Ok(match letter {
                ' '..='~' => u8::try_from(letter).map_err(|_| Unprintable)?,
                '€' => 0x80,
                '…' => 0x85,
                '‘' => 0x91,
                '’' => 0x92,
                '“' => 0x93,
                '”' => 0x94,
                '•' => 0x95,
                '–' => 0x96,
                '—' => 0x97,
                'Š' => 0x8A,
                'Œ' => 0x8C,
                'Ž' => 0x8E,
                'š' => 0x9A,
                'œ' => 0x9C,
                'ž' => 0x9E,
                'Ÿ' => 0x9F,
                '\u{A1}'..='\u{FF}' => u8::try_from(u32::from(letter)).map_err(|_| Unprintable)?,
                _ => return Err(Unprintable),
            })
        })
        .collect()
}

/// Whether a text can be printed.
pub(super) fn is_printable(text: &str) -> bool {
    encoded(text).is_ok()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use labkeep_vault::VaultKey;

    use super::super::kit_page::tests::sample;
    use super::*;

    #[test]
    fn the_printed_page_says_what_the_text_says() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kit.pdf");
        let key = VaultKey::generate();
        let page = pdf(&sample("Größe “Ä”", &key)).unwrap();
        std::fs::write(&path, &page).unwrap();
        let read = Command::new("pdftotext")
            .arg("-layout")
            .arg(&path)
            .arg("-")
            .output();
        let Ok(read) = read else {
            // Without the reader: the key is in the file as it is printed.
            for group in key.expose().split('-') {
                let group = group.as_bytes();
                assert!(page.windows(group.len()).any(|part| part == group));
            }
            return;
        };
        assert!(read.status.success());
        let text = String::from_utf8(read.stdout).unwrap();
        assert_eq!(text.matches('\u{c}').count(), 1, "one page:\n{text}");
        let packed: String = text.split_whitespace().collect();
        assert!(packed.contains(key.expose()), "{text}");
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for said in [
            "Vault “Größe “Ä””, written on 2026-11-23.",
            "restic -r '/media/my disk' restore latest --target restored",
            "choose “I have a vault”",
            "done < restored/projects/<number>/repository/refs",
        ] {
            assert!(words.contains(said), "{said} is not in {words}");
        }
    }

    #[test]
    fn letters_that_the_fonts_lack_are_refused() {
        let key = VaultKey::generate();
        assert_eq!(pdf(&sample("保管庫", &key)), Err(Unprintable));
        assert!(is_printable("Straße · 5 €") && !is_printable("Łódź"));
    }

    #[test]
    fn long_places_stay_on_the_page() {
        let parts = [Part::Code("/x".repeat(300)), Part::Text("w".repeat(900))];
        let lines = lines(&parts).unwrap();
        for line in &lines {
            let width: f32 = line
                .text
                .iter()
                .map(|byte| width_of(*byte, line.font))
                .sum();
            assert!(width * line.size <= ROOM + 0.2);
        }
        let code: usize = lines.iter().map(|line| line.text.len()).sum();
        assert_eq!(code, 1500);
    }
}
