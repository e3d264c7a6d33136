//! Colours, and how they look in light and in shade.

use tiny_skia::Color;

/// What a colour becomes in the deepest shade: no grey, but a warm brown.
const SHADE: Colour = Colour::hex(0x001d_130c);
/// What it becomes in the brightest light.
const LIGHT: Colour = Colour::hex(0x00ff_faf0);

/// A colour in sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Colour {
    red: u8,
    green: u8,
    blue: u8,
}

impl Colour {
    /// From `0xRRGGBB`.
    pub(super) const fn hex(value: u32) -> Self {
        let [_, red, green, blue] = value.to_be_bytes();
        Self { red, green, blue }
    }

    /// The colour in shade: 0 as it is, 1 in the deepest.
    pub(super) fn darker(self, share: f32) -> Self {
        self.mixed(SHADE, share)
    }

    /// The colour in light: 0 as it is, 1 in the brightest.
    pub(super) fn lighter(self, share: f32) -> Self {
        self.mixed(LIGHT, share)
    }

    /// With an opacity from 0 to 1.
    pub(super) fn with_opacity(self, opacity: f32) -> Color {
        let mut color = Color::from_rgba8(self.red, self.green, self.blue, u8::MAX);
        color.apply_opacity(opacity.clamp(0.0, 1.0));
        color
    }

    fn mixed(self, other: Self, share: f32) -> Self {
        let mix = |own: u8, other: u8| {
            let mixed = f32::from(own) + (f32::from(other) - f32::from(own)) * share.clamp(0.0, 1.0);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between two bytes"
            )]
            let byte = mixed.round() as u8;
            byte
        };
        Self {
            red: mix(self.red, other.red),
            green: mix(self.green, other.green),
            blue: mix(self.blue, other.blue),
        }
    }
}

/// The colours of the goods.
pub(super) mod palette {
    use super::Colour;

    pub(in crate::drawing) const COBALT: Colour = Colour::hex(0x002a_49a6);
    pub(in crate::drawing) const CHALK: Colour = Colour::hex(0x00f1_ede4);
    pub(in crate::drawing) const BISQUE: Colour = Colour::hex(0x00e8_e1d3);
    pub(in crate::drawing) const SAND: Colour = Colour::hex(0x00dc_d3c2);
    pub(in crate::drawing) const CLAY: Colour = Colour::hex(0x00b5_714a);
    pub(in crate::drawing) const RUST: Colour = Colour::hex(0x00a8_572f);
    pub(in crate::drawing) const OLIVE: Colour = Colour::hex(0x006e_7f5c);
    pub(in crate::drawing) const SAGE: Colour = Colour::hex(0x008f_9d80);
    pub(in crate::drawing) const TIDE: Colour = Colour::hex(0x004f_6fb8);
    pub(in crate::drawing) const INK: Colour = Colour::hex(0x002e_2b27);
    pub(in crate::drawing) const BRASS: Colour = Colour::hex(0x00b0_8a4a);
    pub(in crate::drawing) const WALNUT: Colour = Colour::hex(0x007a_5432);
    pub(in crate::drawing) const OAK: Colour = Colour::hex(0x00b9_8d57);
    pub(in crate::drawing) const PLUM: Colour = Colour::hex(0x007c_4662);
    pub(in crate::drawing) const OCHRE: Colour = Colour::hex(0x00c9_943f);
    pub(in crate::drawing) const SLATE: Colour = Colour::hex(0x006a_727b);
    pub(in crate::drawing) const WHITE: Colour = Colour::hex(0x00ff_ffff);
    pub(in crate::drawing) const BLACK: Colour = Colour::hex(0x0000_0000);
    pub(in crate::drawing) const WALL: Colour = Colour::hex(0x00e9_e5dd);
    pub(in crate::drawing) const FLOOR: Colour = Colour::hex(0x00de_d8cd);
}
