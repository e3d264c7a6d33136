//! All that is wrong with a request, collected.

use std::fmt::Display;

use crate::FieldError;

/// Collects what is wrong with the members of a request, so that one answer names all of it.
///
/// ```
/// # use kit_http::{Check, FieldError};
/// struct Move { x: u8, y: u8 }
///
/// fn read(x: &str, y: &str) -> Result<Move, Vec<FieldError>> {
///     let mut check = Check::new();
///     let x = check.field("/x", x.parse());
///     let y = check.field("/y", y.parse());
///     check.finish(|| Some(Move { x: x?, y: y? }))
/// }
/// assert!(read("1", "2").is_ok());
/// assert_eq!(read("one", "two").err().map(|errors| errors.len()), Some(2));
/// ```
#[derive(Debug, Default)]
#[must_use = "what is wrong is said by `finish`"]
pub struct Check {
    errors: Vec<FieldError>,
}

impl Check {
    /// Nothing is wrong yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A member's value; where it is none, its error is noted with the JSON pointer to the member.
    pub fn field<T, E: Display>(&mut self, pointer: impl Display, parsed: Result<T, E>) -> Option<T> {
        parsed.map_err(|error| self.refuse(pointer, error)).ok()
    }

    /// Notes what is wrong with a member, by the JSON pointer to it.
    pub fn refuse(&mut self, pointer: impl Display, message: impl Display) {
        self.errors
            .push(FieldError::new(pointer.to_string(), message.to_string()));
    }

    /// What was read, or everything that is wrong. `build` is called where nothing was refused, so that every
    /// value it asks for is there.
    pub fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, Vec<FieldError>> {
        if self.errors.is_empty() {
            build().ok_or_else(Vec::new)
        } else {
            Err(self.errors)
        }
    }
}
