//! Bodies that were turned on a wheel or a lathe: an outline about an axis, light that goes around it, and what was
//! painted on it.

use super::canvas::{Canvas, Ink};
use super::colour::Colour;
use super::colour::palette::{BLACK, WHITE};
use super::outline::{Outline, Point, ellipse, leaf};

/// How much of a ring is seen from above, of its radius.
const TILT: f32 = 0.16;

/// What a surface is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Finish {
    /// Clay, cloth or wood, and how much it shines, from 0 to 1.
    Glaze(f32),
    /// Brass or iron.
    Metal,
}

/// What was painted on a body, or cut into it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Band {
    /// A line around it, so wide.
    Line { y: f32, width: f32, colour: Colour },
    /// A broad band.
    Field { top: f32, bottom: f32, colour: Colour },
    /// Leaves around it, so many on the half that is seen.
    Leaves {
        y: f32,
        height: f32,
        count: u8,
        colour: Colour,
    },
    /// Dots around it.
    Dots {
        y: f32,
        radius: f32,
        count: u8,
        colour: Colour,
    },
    /// Grooves from top to bottom.
    Flutes(u8),
}

/// A turned body. The profile goes from top to bottom: a height, and half the width there.
#[derive(Clone, Debug)]
pub(super) struct Turned<'a> {
    axis: f32,
    profile: &'a [Point],
    colour: Colour,
    finish: Finish,
    /// What is seen inside; none where it is closed.
    inside: Option<Colour>,
    /// How much of the rim is seen from above, of its radius.
    tilt: f32,
    bands: Vec<Band>,
}

impl<'a> Turned<'a> {
    /// An open body that shines a little.
    pub(super) fn open(axis: f32, profile: &'a [Point], colour: Colour) -> Self {
        Self {
            inside: Some(colour.darker(0.35)),
            ..Self::closed(axis, profile, colour)
        }
    }

    /// A body without an opening.
    pub(super) fn closed(axis: f32, profile: &'a [Point], colour: Colour) -> Self {
        Self {
            axis,
            profile,
            colour,
            finish: Finish::Glaze(0.5),
            inside: None,
            tilt: TILT,
            bands: Vec::new(),
        }
    }

    #[must_use]
    pub(super) fn finish(mut self, finish: Finish) -> Self {
        self.finish = finish;
        self
    }

    #[must_use]
    pub(super) fn inside(mut self, colour: Colour) -> Self {
        self.inside = Some(colour);
        self
    }

    #[must_use]
    pub(super) fn tilt(mut self, tilt: f32) -> Self {
        self.tilt = tilt;
        self
    }

    #[must_use]
    pub(super) fn bands(mut self, bands: &[Band]) -> Self {
        self.bands.extend_from_slice(bands);
        self
    }

    pub(super) fn draw(&self, canvas: &mut Canvas) {
        let (Some(top), Some(end)) = (self.profile.first(), self.profile.last()) else {
            return;
        };
        let reach = self
            .profile
            .iter()
            .fold(0.0_f32, |most, (_, half)| most.max(*half));
        let (left, right) = (self.axis - reach, self.axis + reach);
        canvas.fill(self.outline(), Ink::across(left, right, &self.light()));
        canvas.within(self.outline(), |canvas| {
            for band in &self.bands {
                self.draw_band(canvas, *band, reach);
            }
            if self.bands.iter().any(|band| !matches!(band, Band::Flutes(_))) {
                // The light goes around what is painted, too.
                let shade = [
                    (0.0, BLACK, 0.16),
                    (0.3, WHITE, 0.2),
                    (0.5, BLACK, 0.0),
                    (1.0, BLACK, 0.34),
                ];
                canvas.fill(self.outline(), Ink::across(left, right, &shade));
            }
            let depth = [
                (0.0, WHITE, 0.10),
                (0.55, BLACK, 0.0),
                (1.0, Colour::hex(0x001d_0f05), 0.26),
            ];
            canvas.fill(self.outline(), Ink::down(top.0, end.0, &depth));
            if let Finish::Glaze(gloss) = self.finish
                && gloss > 0.45
            {
                self.draw_reflection(canvas, reach, gloss);
            }
        });
        if let Some(inside) = self.inside {
            self.draw_mouth(canvas, *top, inside);
        }
    }

    fn outline(&self) -> Option<tiny_skia::Path> {
        let right: Vec<Point> = self
            .profile
            .iter()
            .map(|(y, half)| (self.axis + half, *y))
            .collect();
        let left: Vec<Point> = self
            .profile
            .iter()
            .rev()
            .map(|(y, half)| (self.axis - half, *y))
            .collect();
        let (first, last) = (*right.first()?, *right.last()?);
        let (begin, end) = (*left.first()?, *left.last()?);
        Outline::from(first)
            .through(&right)
            .bow(last, begin, (last.0 - self.axis) * 0.1)
            .through(&left)
            .bow(end, first, -(first.0 - self.axis) * self.tilt)
            .closed()
    }

    fn light(&self) -> Vec<(f32, Colour, f32)> {
        let own = self.colour;
        let stops: Vec<(f32, Colour)> = match self.finish {
            Finish::Metal => vec![
                (0.0, own.darker(0.45)),
                (0.12, own.darker(0.1)),
                (0.26, own.lighter(0.75)),
                (0.36, own),
                (0.62, own.darker(0.28)),
                (0.82, own.darker(0.5)),
                (0.93, own.darker(0.2)),
                (1.0, own.darker(0.5)),
            ],
            Finish::Glaze(gloss) => vec![
                (0.0, own.darker(0.2)),
                (0.1, own.darker(0.04)),
                (0.3, own.lighter(0.34 * gloss + 0.12)),
                (0.48, own),
                (0.78, own.darker(0.24)),
                (0.95, own.darker(0.42)),
                (1.0, own.darker(0.34)),
            ],
        };
        stops
            .into_iter()
            .map(|(share, colour)| (share, colour, 1.0))
            .collect()
    }

    fn draw_band(&self, canvas: &mut Canvas, band: Band, reach: f32) {
        let sag = reach * self.tilt * 0.9;
        let (left, right) = (self.axis - reach, self.axis + reach);
        match band {
            Band::Line { y, width, colour } => {
                let ring = Outline::from((left, y)).bow((left, y), (right, y), sag).open();
                canvas.stroke(ring, width, (colour, 0.9));
            }
            Band::Field { top, bottom, colour } => {
                let field = Outline::from((left, top))
                    .bow((left, top), (right, top), sag)
                    .line((right, bottom))
                    .bow((right, bottom), (left, bottom), sag)
                    .closed();
                canvas.fill(field, (colour, 0.92));
            }
            Band::Leaves {
                y,
                height,
                count,
                colour,
            } => {
                for (x, drop, share) in around(count) {
                    let middle = (self.axis + x * reach, y + drop * sag);
                    canvas.fill(leaf(middle, (height * 0.7 * share, height)), (colour, 0.9));
                }
            }
            Band::Dots {
                y,
                radius,
                count,
                colour,
            } => {
                for (x, drop, share) in around(count) {
                    let middle = (self.axis + x * reach, y + drop * sag);
                    canvas.fill(ellipse(middle, (radius * share + 0.3, radius)), (colour, 0.9));
                }
            }
            Band::Flutes(count) => self.draw_flutes(canvas, count),
        }
    }

    fn draw_flutes(&self, canvas: &mut Canvas, count: u8) {
        for (x, depth, _) in around(count) {
            let along = |shift: f32| -> Vec<Point> {
                let points = self.profile.iter();
                points
                    .map(|(y, half)| (self.axis + half * x + shift, *y))
                    .collect()
            };
            let groove = |points: &[Point]| points.first().map(|first| Outline::from(*first).through(points));
            let dark = groove(&along(0.0)).and_then(Outline::open);
            canvas.stroke(dark, 2.6 * depth + 0.6, (self.colour.darker(0.42), 0.42));
            let bright = groove(&along(2.4 * depth)).and_then(Outline::open);
            let opacity = if x < 0.2 { 0.55 } else { 0.2 };
            canvas.stroke(bright, 2.0 * depth + 0.3, (self.colour.lighter(0.6), opacity));
        }
    }

    /// The window in the glaze.
    fn draw_reflection(&self, canvas: &mut Canvas, reach: f32, gloss: f32) {
        let count = self.profile.len().saturating_sub(1);
        let points: Vec<Point> = self
            .profile
            .iter()
            .take(count)
            .map(|(y, half)| (self.axis - half * 0.52, *y))
            .collect();
        if let Some(first) = points.first() {
            let line = Outline::from(*first).through(&points).open();
            canvas.stroke(line, reach * 0.07, (WHITE, gloss * 0.42));
        }
    }

    fn draw_mouth(&self, canvas: &mut Canvas, (y, half): Point, inside: Colour) {
        let depth = half * self.tilt;
        canvas.fill(ellipse((self.axis, y), (half, depth)), self.colour.lighter(0.3));
        let dark = [(0.0, inside.darker(0.5), 1.0), (1.0, inside.lighter(0.12), 1.0)];
        canvas.fill(
            ellipse(
                (self.axis, y + 1.0),
                ((half - 3.2).max(1.0), (depth - 2.0).max(1.0)),
            ),
            Ink::across(self.axis - half, self.axis + half, &dark),
        );
    }
}

/// Points around the half of a ring that is seen: how far across, how far forward, and how much is seen of what is
/// there.
fn around(count: u8) -> impl Iterator<Item = (f32, f32, f32)> {
    (0..count).map(move |index| {
        let angle = (f32::from(index) + 0.5) / f32::from(count) * std::f32::consts::PI;
        (-angle.cos(), angle.sin(), angle.sin().abs())
    })
}
