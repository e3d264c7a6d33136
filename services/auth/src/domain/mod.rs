//! What auth decides, without clock, randomness, database or network.

mod account;
mod password;
mod refresh_token;

pub(crate) use account::{Account, Credentials, LoginName, NewAccount};
pub(crate) use password::{Password, PasswordRules};
pub(crate) use refresh_token::RefreshToken;
