//! What is drawn on: an area of 400 by 500, whatever the size of the picture in pixels.

use std::io::Cursor;

use anyhow::Context as _;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder as _};
use tiny_skia::{
    Color, FillRule, GradientStop, LineCap, LinearGradient, Mask, Paint, Path, Pixmap, RadialGradient,
    Shader, SpreadMode, Stroke, Transform,
};

use super::colour::Colour;
use super::outline::Point;

/// The size of every picture, in pixels.
pub(super) const WIDTH: u32 = 960;
pub(super) const HEIGHT: u32 = 1_200;

/// Pixels for each unit of the drawing.
const SCALE: f32 = 2.4;

/// What part of a drawing a picture shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum View {
    /// All of it.
    Whole,
    /// What is around a point, so many times as large.
    Close { x: f32, y: f32, zoom: f32 },
}

impl View {
    fn transform(self) -> Transform {
        match self {
            Self::Whole => Transform::from_scale(SCALE, SCALE),
            Self::Close { x, y, zoom } => {
                let middle = Transform::from_translate(200.0 / zoom - x, 250.0 / zoom - y);
                middle.post_scale(SCALE * zoom, SCALE * zoom)
            }
        }
    }
}

/// What a surface is filled with.
#[derive(Clone, Debug)]
pub(super) enum Ink {
    /// One colour.
    Flat(Color),
    /// From one point to another, by shares of the distance.
    Linear(Point, Point, Vec<(f32, Color)>),
    /// From a point outwards, to the ends of an ellipse.
    Radial(Point, Point, Vec<(f32, Color)>),
}

impl From<Colour> for Ink {
    fn from(colour: Colour) -> Self {
        Self::Flat(colour.with_opacity(1.0))
    }
}

impl From<(Colour, f32)> for Ink {
    fn from((colour, opacity): (Colour, f32)) -> Self {
        Self::Flat(colour.with_opacity(opacity))
    }
}

impl Ink {
    /// From left to right between two edges.
    pub(super) fn across(left: f32, right: f32, stops: &[(f32, Colour, f32)]) -> Self {
        Self::Linear((left, 0.0), (right, 0.0), stops_of(stops))
    }

    /// From top to bottom between two edges.
    pub(super) fn down(top: f32, bottom: f32, stops: &[(f32, Colour, f32)]) -> Self {
        Self::Linear((0.0, top), (0.0, bottom), stops_of(stops))
    }

    /// From one corner to another.
    pub(super) fn between(from: Point, to: Point, stops: &[(f32, Colour, f32)]) -> Self {
        Self::Linear(from, to, stops_of(stops))
    }

    /// From a point to the ends of an ellipse around it.
    pub(super) fn around(middle: Point, reach: Point, stops: &[(f32, Colour, f32)]) -> Self {
        Self::Radial(middle, reach, stops_of(stops))
    }

    fn shader(self) -> Option<Shader<'static>> {
        let stops = |stops: Vec<(f32, Color)>| {
            let stops = stops.into_iter();
            stops
                .map(|(share, color)| GradientStop::new(share, color))
                .collect()
        };
        match self {
            Self::Flat(color) => Some(Shader::SolidColor(color)),
            Self::Linear(from, to, colors) => LinearGradient::new(
                from.into(),
                to.into(),
                stops(colors),
                SpreadMode::Pad,
                Transform::identity(),
            ),
            Self::Radial(middle, (across, down), colors) => RadialGradient::new(
                (0.0, 0.0).into(),
                0.0,
                (0.0, 0.0).into(),
                1.0,
                stops(colors),
                SpreadMode::Pad,
                Transform::from_scale(across, down).post_translate(middle.0, middle.1),
            ),
        }
    }
}

fn stops_of(stops: &[(f32, Colour, f32)]) -> Vec<(f32, Color)> {
    let stops = stops.iter();
    stops
        .map(|(share, colour, opacity)| (*share, colour.with_opacity(*opacity)))
        .collect()
}

/// A picture that is being drawn.
pub(super) struct Canvas {
    pixels: Pixmap,
    transform: Transform,
    clip: Option<Mask>,
}

impl Canvas {
    pub(super) fn new(view: View) -> anyhow::Result<Self> {
        Ok(Self {
            pixels: Pixmap::new(WIDTH, HEIGHT).context("a picture without pixels")?,
            transform: view.transform(),
            clip: None,
        })
    }

    /// Fills an outline.
    pub(super) fn fill(&mut self, outline: Option<Path>, ink: impl Into<Ink>) {
        if let (Some(path), Some(paint)) = (outline, paint(ink.into())) {
            let clip = self.clip.as_ref();
            self.pixels
                .fill_path(&path, &paint, FillRule::Winding, self.transform, clip);
        }
    }

    /// Follows an outline with a round brush.
    pub(super) fn stroke(&mut self, outline: Option<Path>, width: f32, ink: impl Into<Ink>) {
        let stroke = Stroke {
            width,
            line_cap: LineCap::Round,
            ..Stroke::default()
        };
        if let (Some(path), Some(paint)) = (outline, paint(ink.into())) {
            let clip = self.clip.as_ref();
            self.pixels
                .stroke_path(&path, &paint, &stroke, self.transform, clip);
        }
    }

    /// Draws what is to be seen within an outline alone.
    pub(super) fn within(&mut self, outline: Option<Path>, draw: impl FnOnce(&mut Self)) {
        let Some((path, mut clip)) = outline.zip(Mask::new(WIDTH, HEIGHT)) else {
            return;
        };
        clip.fill_path(&path, FillRule::Winding, true, self.transform);
        let before = self.clip.replace(clip);
        draw(self);
        self.clip = before;
    }

    /// Fills an outline with edges that fade out over about so much, across and down.
    pub(super) fn fade(&mut self, outline: Option<Path>, ink: impl Into<Ink>, blur: Point) {
        let Some((path, mut shape)) = outline.zip(Mask::new(WIDTH, HEIGHT)) else {
            return;
        };
        shape.fill_path(&path, FillRule::Winding, true, self.transform);
        let radius = |blur: f32, scale: f32| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a few pixels"
            )]
            let pixels = (blur * scale).max(0.0) as usize;
            pixels
        };
        let (across, down) = (
            radius(blur.0, self.transform.sx),
            radius(blur.1, self.transform.sy),
        );
        soften(shape.data_mut(), across, down);
        if let (Some(everything), Some(paint)) = (
            super::outline::rectangle((-400.0, -500.0), (1_600.0, 2_000.0)),
            paint(ink.into()),
        ) {
            self.pixels.fill_path(
                &everything,
                &paint,
                FillRule::Winding,
                self.transform,
                Some(&shape),
            );
        }
    }

    /// The picture as a PNG, without transparency.
    pub(super) fn into_png(self) -> anyhow::Result<Vec<u8>> {
        let pixels: Vec<u8> = self
            .pixels
            .pixels()
            .iter()
            .flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()])
            .collect();
        let mut file = Cursor::new(Vec::new());
        PngEncoder::new_with_quality(&mut file, CompressionType::Fast, FilterType::Sub)
            .write_image(&pixels, WIDTH, HEIGHT, ExtendedColorType::Rgb8)
            .context("a picture cannot be written")?;
        Ok(file.into_inner())
    }
}

fn paint(ink: Ink) -> Option<Paint<'static>> {
    Some(Paint {
        shader: ink.shader()?,
        anti_alias: true,
        ..Paint::default()
    })
}

/// Blurs a shape: the mean of the neighbours, three times over, is nearly what a lens makes of it.
fn soften(shape: &mut [u8], across: usize, down: usize) {
    let (width, height) = (WIDTH as usize, HEIGHT as usize);
    let mut line = vec![0; width.max(height)];
    for _ in 0..3 {
        for row in 0..height {
            average(shape, (row * width, 1, width), across, &mut line);
        }
        for column in 0..width {
            average(shape, (column, width, height), down, &mut line);
        }
    }
}

/// Sets each of `count` bytes, `step` apart, to the mean of those up to `radius` away.
fn average(shape: &mut [u8], (start, step, count): (usize, usize, usize), radius: usize, line: &mut [u8]) {
    if radius == 0 {
        return;
    }
    let at = |index: usize| start + index * step;
    for (index, copy) in line.iter_mut().enumerate().take(count) {
        *copy = shape[at(index)];
    }
    if line.iter().take(count).all(|byte| *byte == 0) {
        return;
    }
    let size = u32::try_from(2 * radius + 1).unwrap_or(u32::MAX);
    let mut sum: u32 = line
        .iter()
        .take(radius.min(count))
        .map(|byte| u32::from(*byte))
        .sum();
    for index in 0..count {
        if index + radius < count {
            sum += u32::from(line[index + radius]);
        }
        if index > radius {
            sum -= u32::from(line[index - radius - 1]);
        }
        shape[at(index)] = u8::try_from(sum / size).unwrap_or(u8::MAX);
    }
}
