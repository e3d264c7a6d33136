//! What auth decides, without clock, randomness, database or network.

mod account;
mod brute_force;
mod mail;
mod password;
mod refresh_token;
mod session;

pub(crate) use account::{Account, AccountPatch, Credentials, LoginName, NewAccount, PatchRefusal};
pub(crate) use brute_force::{Admission, DelayRules, Failures};
pub(crate) use mail::{
    MAIL_WINDOW, MOST_MAILS, MailPurpose, MailRequest, MailToken, TOKEN_LIFE, mail_secret, mail_token_hash,
};
pub(crate) use password::{Password, PasswordRules};
pub(crate) use refresh_token::RefreshToken;
pub(crate) use session::{Refresh, SessionState};
