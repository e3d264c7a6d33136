//! Events as contracts declare and describe them.

mod declaring;
mod describing;
