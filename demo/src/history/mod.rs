//! What happens in the shop, step by step: always the same, so that a run which was interrupted goes on where it was.

mod planner;
mod visits;

use std::time::Duration;

pub(crate) use self::planner::{month, today};
pub(crate) use self::visits::Visit;
use crate::goods::Arrival;

/// How far back the history of a shop reaches that is made here.
pub const MONTH: Duration = Duration::from_hours(30 * 24);

/// How long customers have to pay in a shop that is made here: some orders wait for their payment when somebody looks.
pub const TIME_TO_PAY: Duration = Duration::from_hours(7 * 24);

/// Something that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// How long after the beginning.
    pub after: Duration,
    pub act: Act,
}

/// What happens. Orders are meant by their number in the history, customers by theirs in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// The member of the staff begins.
    Hire,
    /// Categories are made.
    Categorise,
    /// Goods come into the shop, with their pictures.
    Import(Arrival),
    /// Somebody makes an account.
    Register(usize),
    /// What visitors did until then.
    Visits(Vec<Visit>),
    /// Somebody orders.
    Order(PlannedOrder),
    /// An order is paid, or the card is declined.
    Pay {
        order: usize,
        card: Card,
    },
    /// Nobody paid an order, and its time is over.
    Expire {
        order: usize,
    },
    Ship {
        order: usize,
    },
    Deliver {
        order: usize,
    },
    Cancel {
        order: usize,
    },
    Refund {
        order: usize,
        part: RefundPart,
    },
    /// More came from the workshop.
    Restock {
        sku: String,
        delta: u64,
    },
    /// Somebody owes something that is no order.
    Spend {
        customer: usize,
        cents: u64,
        what: &'static str,
    },
    /// Somebody pays all of that.
    Settle {
        customer: usize,
    },
    /// Somebody puts something into the cart, and leaves it there.
    FillCart {
        customer: usize,
        lines: Vec<(String, u64)>,
    },
}

/// An order, and whether there is enough of what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlannedOrder {
    pub order: usize,
    pub customer: usize,
    pub lines: Vec<(String, u64)>,
    pub note: Option<&'static str>,
    pub stock: Stock,
}

/// Whether what is ordered is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stock {
    Enough,
    Short,
}

/// A test card of the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Card {
    Good,
    Declined,
}

/// What of an order is paid back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RefundPart {
    Whole,
    /// One piece of a line.
    Line(String),
    /// So many cents.
    Amount(u64),
}
