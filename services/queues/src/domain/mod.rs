//! What queues decides beside what every shop does, from state and input alone.

mod terms;

pub(crate) use terms::{Limits, LimitsChange, Provisioned, VhostUser, shown};
