//! What users decides, without clock, database or network.

mod actor;
mod profile;

pub(crate) use actor::{Actor, NotYours};
pub(crate) use profile::{Profile, ProfileChange, ProfileDraft};
