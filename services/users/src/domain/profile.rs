//! A profile, and what may stand in it.

use kit_http::FieldError;
use kit_runtime::Timestamp;
use kit_token::UserId;
use users_api::{CreateProfile, ProfileView, UpdateProfile};

use super::Editor;

const USERNAME_LENGTHS: std::ops::RangeInclusive<usize> = 3..=32;
const LONGEST_EMAIL: usize = 254;
const LONGEST_FULL_NAME: usize = 200;
const LONGEST_BIO: usize = 2000;

/// A profile as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    pub user_id: UserId,
    pub username: String,
    pub email: String,
    pub full_name: Option<String>,
    pub bio: Option<String>,
    pub version: i64,
    pub created_at: Timestamp,
}

impl From<Profile> for ProfileView {
    fn from(profile: Profile) -> Self {
        Self {
            user_id: profile.user_id,
            username: profile.username,
            email: profile.email,
            full_name: profile.full_name,
            bio: profile.bio,
            created_at: profile.created_at,
        }
    }
}

/// A profile that may be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProfileDraft {
    pub user_id: UserId,
    pub username: String,
    pub email: String,
    pub change: ProfileChange,
}

/// A change that may be made: an outer `None` leaves the member as it is, an inner one clears it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::option_option,
    reason = "left out, null and given are three different wishes"
)]
pub(crate) struct ProfileChange {
    pub full_name: Option<Option<String>>,
    pub bio: Option<Option<String>>,
}

impl ProfileDraft {
    /// Checks every member and names all that are wrong. A user's profile carries the user's own name.
    pub(crate) fn check(request: CreateProfile, editor: &Editor) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        match editor {
            Editor::Owner { username, .. } if !username.eq_ignore_ascii_case(&request.username) => {
                errors.push(FieldError::new("/username", "must be your own username"));
            }
            Editor::Admin if !is_username(&request.username) => {
                let wanted = "must be 3 to 32 of `A-Z a-z 0-9 _ . -`";
                errors.push(FieldError::new("/username", wanted));
            }
            Editor::Owner { .. } | Editor::Admin => {}
        }
        if !is_email(&request.email) {
            errors.push(FieldError::new("/email", "must be an e-mail address"));
        }
        check_length(&mut errors, "/email", &request.email, LONGEST_EMAIL);
        let wanted = UpdateProfile {
            full_name: Some(request.full_name),
            bio: Some(request.bio),
        };
        let change = ProfileChange::check(wanted).unwrap_or_else(|more| {
            errors.extend(more);
            ProfileChange::default()
        });
        let draft = Self {
            user_id: request.user_id,
            username: request.username,
            email: request.email,
            change,
        };
        if errors.is_empty() { Ok(draft) } else { Err(errors) }
    }
}

impl ProfileChange {
    /// Checks every member and names all that are wrong.
    pub(crate) fn check(request: UpdateProfile) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        check_free_text(
            &mut errors,
            "/full_name",
            request.full_name.as_ref(),
            LONGEST_FULL_NAME,
        );
        check_free_text(&mut errors, "/bio", request.bio.as_ref(), LONGEST_BIO);
        let change = Self {
            full_name: request.full_name,
            bio: request.bio,
        };
        if errors.is_empty() {
            Ok(change)
        } else {
            Err(errors)
        }
    }
}

fn check_free_text(
    errors: &mut Vec<FieldError>,
    pointer: &str,
    wish: Option<&Option<String>>,
    longest: usize,
) {
    if let Some(Some(text)) = wish {
        check_length(errors, pointer, text, longest);
    }
}

/// As auth takes them.
fn is_username(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    USERNAME_LENGTHS.contains(&text.len()) && text.bytes().all(allowed)
}

/// Shaped like one; whether it exists and whose it is, only auth finds out.
fn is_email(text: &str) -> bool {
    let odd = |c: char| c == '@' || c.is_whitespace() || c.is_control();
    text.split_once('@').is_some_and(|(local, domain)| {
        [local, domain]
            .iter()
            .all(|part| !part.is_empty() && !part.contains(odd))
    })
}

fn check_length(errors: &mut Vec<FieldError>, pointer: &str, text: &str, longest: usize) {
    if text.chars().count() > longest {
        errors.push(FieldError::new(
            pointer,
            format!("must have at most {longest} characters"),
        ));
    }
    // PostgreSQL's text cannot hold it, and no reader wants it.
    if text.contains('\0') {
        errors.push(FieldError::new(pointer, "must not contain a NUL character"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> CreateProfile {
        CreateProfile {
            user_id: UserId::from(kit_runtime::Uuid::nil()),
            username: "Ada".to_owned(),
            email: "ada@example.com".to_owned(),
            full_name: None,
            bio: Some("Writes programs".to_owned()),
        }
    }

    fn owner() -> Editor {
        Editor::Owner {
            user_id: request().user_id,
            username: "ada".to_owned(),
        }
    }

    #[test]
    fn a_profile_carries_its_owners_name() {
        assert!(ProfileDraft::check(request(), &owner()).is_ok());
        let borrowed = CreateProfile {
            username: "grace".to_owned(),
            ..request()
        };
        assert!(ProfileDraft::check(borrowed.clone(), &owner()).is_err());
        assert!(ProfileDraft::check(borrowed, &Editor::Admin).is_ok());
    }

    #[test]
    fn everything_that_is_wrong_is_named() {
        let wrong = CreateProfile {
            email: "nope".to_owned(),
            full_name: Some("x".repeat(201)),
            bio: Some("a\0b".to_owned()),
            ..request()
        };
        let errors = ProfileDraft::check(wrong, &owner()).unwrap_err();
        let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/email", "/full_name", "/bio"]);
    }
}
