//! The one way to Redis, for what may do without it.
//!
//! Nothing in Redis is true on its own: it holds copies and counts that make things faster or stricter, and its
//! users have an answer without it. So a [`Redis`] never makes anybody wait for long, and never for nothing:
//!
//! - **Every command has a limit** ([`RedisSettings::limit`]), whatever the server does: one that accepts and
//!   says nothing costs no more than one that is slow.
//! - **A breaker**: when [`RedisSettings::failures`] commands in a row had no answer, or the connection broke,
//!   nobody is sent there any more. [`Away::NotAsked`] comes at once and costs nothing.
//! - **It comes back by itself.** A task of the process's opens a fresh connection after a pause that doubles,
//!   and asks it something; only when that is answered do commands go there again. No caller's command is ever
//!   the one that tries, so a silent server does not hold somebody up every few seconds.
//!
//! One connection serves all, commands of everybody in flight at once: Redis has one thread, so more of them
//! would not be faster. A connection that has failed is thrown away, also one that is merely silent, whose
//! packets may go nowhere.
//!
//! A process without a working Redis starts, and becomes ready, as any other: [`Redis::open`] reads the address
//! and returns.
//!
//! It deliberately does not try a command again, know Redis Cluster or Sentinel, subscribe to channels, or keep
//! anything that must not be lost.

mod client;
mod error;
mod keeper;
mod line;
mod metrics;
mod script;
mod settings;

pub use client::{Redis, RedisDeps};
pub use error::{Away, BadUrl};
pub use metrics::RedisMetrics;
pub use redis::{Cmd, FromRedisValue, ToRedisArgs, cmd};
pub use script::Script;
pub use settings::RedisSettings;
