//! What storage decides beside what every shop does, from state and input alone.

mod presign;
mod terms;

pub(crate) use presign::{Presign, SigningSecret, check_presign};
pub(crate) use terms::{KeyIds, Provisioned, Quota, QuotaChange, shown};
