//! Where things stand: a wall, a floor, and the light from the left front.

use super::canvas::{Canvas, Ink};
use super::colour::Colour;
use super::colour::palette::{FLOOR, WALL};
use super::outline::{Point, ellipse, rectangle};

const SHADOW: Colour = Colour::hex(0x003b_2d1e);
const CONTACT: Colour = Colour::hex(0x002a_1e12);
const GLOW: Colour = Colour::hex(0x00ff_e6ae);

/// A room.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    wall: Colour,
    floor: Option<(Colour, f32)>,
}

impl Room {
    /// By day, with a floor.
    pub(super) const DAY: Self = Self {
        wall: WALL,
        floor: Some((FLOOR, 372.0)),
    };

    /// By day, a wall alone: for what hangs there, or is seen from above.
    pub(super) const WALL: Self = Self {
        wall: WALL,
        floor: None,
    };

    /// In the evening.
    pub(super) const EVENING: Self = Self {
        wall: Colour::hex(0x00d9_d2c5),
        floor: Some((Colour::hex(0x00cd_c4b5), 372.0)),
    };

    /// In the evening, a wall alone.
    pub(super) const EVENING_WALL: Self = Self {
        wall: Colour::hex(0x00dd_d7cb),
        floor: None,
    };

    pub(super) fn draw(self, canvas: &mut Canvas) {
        let wall = [
            (0.0, self.wall.lighter(0.45), 1.0),
            (0.6, self.wall, 1.0),
            (1.0, self.wall.darker(0.09), 1.0),
        ];
        canvas.fill(
            rectangle((0.0, 0.0), (400.0, 500.0)),
            Ink::between((0.0, 0.0), (400.0, 500.0), &wall),
        );
        if let Some((floor, top)) = self.floor {
            let boards = [
                (0.0, floor.darker(0.05), 1.0),
                (0.25, floor, 1.0),
                (1.0, floor.lighter(0.3), 1.0),
            ];
            canvas.fill(
                rectangle((0.0, top), (400.0, 500.0 - top)),
                Ink::down(top, 500.0, &boards),
            );
        }
    }
}

/// The shadow of what stands on the floor and is about twice `reach` wide: a far one, and one where it touches.
pub(super) fn shadow(canvas: &mut Canvas, (x, y): Point, reach: f32) {
    canvas.fade(
        ellipse(
            (x + reach * 0.42, y + 3.0),
            (reach * 1.25, (reach * 0.15).max(7.0)),
        ),
        (SHADOW, 0.30),
        (13.0, 6.0),
    );
    canvas.fade(
        ellipse((x + 4.0, y), (reach * 0.96, (reach * 0.09).max(4.0))),
        (CONTACT, 0.46),
        (5.0, 2.2),
    );
}

/// The shadow on a wall of what hangs before it.
pub(super) fn shadow_on_wall(canvas: &mut Canvas, outline: Option<tiny_skia::Path>) {
    canvas.fade(outline, (SHADOW, 0.26), (11.0, 9.0));
}

/// Light around a lamp.
pub(super) fn glow(canvas: &mut Canvas, middle: Point, reach: Point) {
    let light = [(0.0, GLOW, 0.75), (0.45, GLOW, 0.28), (1.0, GLOW, 0.0)];
    canvas.fill(ellipse(middle, reach), Ink::around(middle, reach, &light));
}
