//! Every statement of auth.

mod accounts;
mod audit;
mod mail;
mod revocations;
mod sessions;
mod signing_keys;

pub(crate) use accounts::{
    AccountChange, AccountFilter, Taken, admin_exists, change_account, find_by_id, find_by_id_for_update,
    find_by_login, find_owner_for_update, find_taken, insert_account, list_accounts, list_admins,
    lock_admins, replace_hash,
};
pub(crate) use audit::{insert_audit, list_audit};
pub(crate) use mail::{
    count_mails, delete_mail_request, delete_mail_tokens, delete_old_mail_tokens, find_mail_token,
    insert_mail_request, insert_mail_token, list_mail_requests, verify_email,
};
pub(crate) use revocations::{Revocation, Revoked, delete_revocations, insert_revocation, read_revocations};
pub(crate) use sessions::{
    EndAt, NewSession, count_open_sessions, delete_sessions, end_session, end_sessions, find_owner,
    find_session, has_begun_at, insert_session, list_ended_sessions, list_open_sessions, rotate,
};
pub(crate) use signing_keys::{StoredKey, insert_key, list_keys, withdraw_key};
