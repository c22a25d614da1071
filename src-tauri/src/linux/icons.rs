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
}

/// One state in two sizes.
type Sizes = Vec<Icon>;

macro_rules! icon {
    ($name:literal) => {
        [
            decode(include_bytes!(concat!(
                "../../../icons/tray/",
                $name,
                ".png"
            ))),
            decode(include_bytes!(concat!(
                "../../../icons/tray/",
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

/// The icon of a state.
pub fn icon(protection: Protection, panel: Panel) -> Vec<Icon> {
    let set = match panel {
        Panel::Dark => &DARK,
        Panel::Light => &LIGHT,
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
        for panel in [Panel::Dark, Panel::Light] {
            for state in states {
                let icons = icon(state, panel);
                assert_eq!([22, 44], [icons[0].width, icons[1].width]);
                assert!(seen.insert(icons[0].data.clone()), "{state:?} {panel:?}");
            }
        }
    }
}
