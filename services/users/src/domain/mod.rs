//! What users decides, without clock, database or network.

mod editor;
mod profile;

pub(crate) use editor::{Editor, NotYours};
pub(crate) use profile::{Profile, ProfileChange, ProfileDraft};
