//! The layer between the kit and a service, from outside.

mod call;
mod failing;
mod units;
