//! Stories of an adapter and of whoever calls it: real HTTP, a real database, and a clock in the teller's hand.

mod asked;
mod at_once;
mod calling;
mod conformance;
mod crashes;
mod fixture;
