//! A profile, and what may stand in it.

use kit_http::{Check, FieldError};
use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::{Text, TextError, Username};
use users_api::{Bio, CreateProfile, FullName, ProfileView, UpdateProfile};

use super::Editor;

const LONGEST_EMAIL: usize = 254;

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
    pub full_name: Option<Option<FullName>>,
    pub bio: Option<Option<Bio>>,
}

impl ProfileDraft {
    /// Checks every member and names all that are wrong. A user's profile carries the user's own name.
    pub(crate) fn check(request: CreateProfile, editor: &Editor) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::new();
        let username = check.field("/username", username(request.username, editor));
        let email = check.field("/email", email(request.email));
        let update = UpdateProfile {
            full_name: Some(request.full_name),
            bio: Some(request.bio),
        };
        let change = ProfileChange::read(&mut check, update);
        check.finish(|| {
            Some(Self {
                user_id: request.user_id,
                username: username?,
                email: email?,
                change: change?,
            })
        })
    }
}

impl ProfileChange {
    /// Checks every member and names all that are wrong.
    pub(crate) fn check(request: UpdateProfile) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::new();
        let change = Self::read(&mut check, request);
        check.finish(|| change)
    }

    fn read(check: &mut Check, request: UpdateProfile) -> Option<Self> {
        let full_name = check.field("/full_name", given(request.full_name));
        let bio = check.field("/bio", given(request.bio));
        Some(Self {
            full_name: full_name?,
            bio: bio?,
        })
    }
}

/// A member as it was given, if it was.
#[expect(
    clippy::option_option,
    reason = "left out, null and given are three different wishes"
)]
fn given<const MAX: usize>(member: Option<Option<String>>) -> Result<Option<Option<Text<MAX>>>, TextError> {
    let parse = |text: Option<String>| text.map(Text::parse).transpose();
    member.map(parse).transpose()
}

/// A user's own name, however it is cased, or one that auth would take.
fn username(name: String, editor: &Editor) -> Result<String, String> {
    match editor {
        Editor::Owner { username, .. } if username.eq_ignore_ascii_case(&name) => Ok(name),
        Editor::Owner { .. } => Err("must be your own username".to_owned()),
        Editor::Admin => match name.parse::<Username>() {
            Ok(name) => Ok(name.into()),
            Err(error) => Err(error.to_string()),
        },
    }
}

/// Shaped like one; whether it exists and whose it is, only auth finds out.
fn email(address: String) -> Result<String, String> {
    let odd = |c: char| c == '@' || c.is_whitespace() || c.is_control();
    let is_address = address.split_once('@').is_some_and(|(local, domain)| {
        [local, domain]
            .iter()
            .all(|part| !part.is_empty() && !part.contains(odd))
    });
    if !is_address {
        return Err("must be an e-mail address".to_owned());
    }
    let address = Text::<LONGEST_EMAIL>::parse(address).map_err(|error| error.to_string())?;
    Ok(address.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> CreateProfile {
        CreateProfile {
            user_id: UserId::from(kit_values::Uuid::nil()),
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
