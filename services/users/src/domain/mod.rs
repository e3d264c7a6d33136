//! What users decides, without clock, database or network.

mod editor;
mod profile;
mod sight;

pub(crate) use editor::{Editor, NotYours};
pub(crate) use profile::{Profile, ProfileChange, ProfileDraft};
pub(crate) use sight::Sight;
