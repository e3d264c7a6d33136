//! Every statement of auth.

mod accounts;
mod sessions;

pub(crate) use accounts::{
    admin_exists, find_by_id, find_by_id_for_update, find_by_login, insert_account, rehash,
};
pub(crate) use sessions::{NewSession, count_open_sessions, insert_session};
