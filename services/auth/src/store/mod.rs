//! Every statement of auth.

mod accounts;
mod sessions;

pub(crate) use accounts::{
    Taken, admin_exists, find_by_id, find_by_id_for_update, find_by_login, find_taken, insert_account,
    lock_admins, rehash,
};
pub(crate) use sessions::{NewSession, count_open_sessions, insert_session};
