//! What users decides, without clock, database or network.

mod editor;
mod profile;
mod visibility;

pub(crate) use editor::Editor;
pub(crate) use profile::{Profile, ProfileChange, ProfileDraft};
pub(crate) use visibility::Visibility;
