//! Outlines: what is filled or followed by a brush. Each is empty where its numbers make no shape, and then nothing is
//! drawn.

use tiny_skia::{Path, PathBuilder, Rect};

/// How far the handles of a quarter of a circle reach, of its radius.
const QUARTER: f32 = 0.552_284_8;

/// A point.
pub(super) type Point = (f32, f32);

/// Begins an outline, of lines and curves from point to point.
#[derive(Default)]
pub(super) struct Outline(PathBuilder);

impl Outline {
    /// An outline that begins here.
    pub(super) fn from((x, y): Point) -> Self {
        let mut builder = PathBuilder::new();
        builder.move_to(x, y);
        Self(builder)
    }

    /// A straight line.
    #[must_use]
    pub(super) fn line(mut self, (x, y): Point) -> Self {
        self.0.line_to(x, y);
        self
    }

    /// A curve with one handle.
    #[must_use]
    pub(super) fn bend(mut self, handle: Point, to: Point) -> Self {
        self.0.quad_to(handle.0, handle.1, to.0, to.1);
        self
    }

    /// A curve with two handles.
    #[must_use]
    pub(super) fn curve(mut self, first: Point, second: Point, to: Point) -> Self {
        self.0.cubic_to(first.0, first.1, second.0, second.1, to.0, to.1);
        self
    }

    /// A smooth curve through points, of which the first is where the outline is.
    #[must_use]
    pub(super) fn through(mut self, points: &[Point]) -> Self {
        for index in 1..points.len() {
            let at = |index: usize| points[index.min(points.len() - 1)];
            let (before, from) = (at(index.saturating_sub(2)), at(index - 1));
            let (to, after) = (at(index), at(index + 1));
            self = self.curve(
                (from.0 + (to.0 - before.0) / 6.0, from.1 + (to.1 - before.1) / 6.0),
                (to.0 - (after.0 - from.0) / 6.0, to.1 - (after.1 - from.1) / 6.0),
                to,
            );
        }
        self
    }

    /// Half an ellipse to the other end of its width, `height` below it, or above it where that is less than 0.
    #[must_use]
    pub(super) fn bow(self, from: Point, to: Point, height: f32) -> Self {
        let (middle, reach) = (f32::midpoint(from.0, to.0), (to.0 - from.0) / 2.0);
        let low = (middle, from.1 + height);
        self.curve(
            (from.0, from.1 + height * QUARTER),
            (middle - reach * QUARTER, low.1),
            low,
        )
        .curve(
            (middle + reach * QUARTER, low.1),
            (to.0, to.1 + height * QUARTER),
            to,
        )
    }

    /// The outline, closed.
    pub(super) fn closed(mut self) -> Option<Path> {
        self.0.close();
        self.0.finish()
    }

    /// The outline, open, for a brush.
    pub(super) fn open(self) -> Option<Path> {
        self.0.finish()
    }
}

/// An ellipse, or a circle.
pub(super) fn ellipse((x, y): Point, (across, down): Point) -> Option<Path> {
    PathBuilder::from_oval(Rect::from_ltrb(x - across, y - down, x + across, y + down)?)
}

/// A rectangle with its corner at a point.
pub(super) fn rectangle((x, y): Point, (width, height): Point) -> Option<Path> {
    Some(PathBuilder::from_rect(Rect::from_xywh(x, y, width, height)?))
}

/// A square on its corner.
pub(super) fn diamond((x, y): Point, (across, down): Point) -> Option<Path> {
    Outline::from((x - across, y))
        .line((x, y - down))
        .line((x + across, y))
        .line((x, y + down))
        .closed()
}

/// A leaf that stands upright.
pub(super) fn leaf((x, y): Point, (across, up): Point) -> Option<Path> {
    Outline::from((x, y - up))
        .bend((x + across, y), (x, y + up))
        .bend((x - across, y), (x, y - up))
        .closed()
}

/// An outline that was rotated about a point, by degrees.
pub(super) fn rotated(path: Option<Path>, degrees: f32, (x, y): Point) -> Option<Path> {
    path?.transform(tiny_skia::Transform::from_rotate_at(degrees, x, y))
}

/// Several outlines as one.
pub(super) fn together(paths: impl IntoIterator<Item = Option<Path>>) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for path in paths.into_iter().flatten() {
        builder.push_path(&path);
    }
    builder.finish()
}
