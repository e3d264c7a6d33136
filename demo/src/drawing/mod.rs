//! Pictures of the goods, drawn by a program: the same ones each time, and nobody's photographs.

mod canvas;
mod ceramics;
mod colour;
mod kitchen;
mod lathe;
mod lighting;
mod outline;
mod scene;
mod textiles;

use anyhow::Context as _;

use self::canvas::Canvas;
pub(crate) use self::canvas::View;

/// Draws a thing where it stands.
type Drawing = fn(&mut Canvas);

/// How a thing is drawn; by its slug, and behind a slash the look of another glaze or cloth.
fn find(name: &str) -> Option<Drawing> {
    ceramics::find(name)
        .or_else(|| textiles::find(name))
        .or_else(|| lighting::find(name))
        .or_else(|| kitchen::find(name))
}

/// Whether there is a drawing of this name.
#[cfg(test)]
pub(crate) fn is_drawn(name: &str) -> bool {
    find(name).is_some()
}

/// Draws a picture, as a PNG: some tenths of a second of work.
pub(crate) fn draw(name: &str, view: View) -> anyhow::Result<Vec<u8>> {
    let drawing = find(name).with_context(|| format!("there is no drawing `{name}`"))?;
    let mut canvas = Canvas::new(view)?;
    drawing(&mut canvas);
    canvas.into_png()
}
