//! What happens in a round, by chance.

use e2e::random::Chance;

/// Clients at work at once.
pub(super) const CLIENTS: usize = 8;

/// What a client does in a round.
const TASKS: usize = 3;

/// How far back orders are mostly taken from.
const RECENT: usize = 40;

/// A card that is charged, one that is declined, one whose payer has to confirm it first.
const CARDS: [(usize, &str); 3] = [
    (7, "4242424242424242"),
    (2, "4000000000000002"),
    (1, "4000000000003220"),
];

/// Something that a client does.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    /// Orders what is named: which products, and how many of each.
    Place(Vec<(usize, i64)>),
    /// Orders what is in the cart, after something was put there.
    PlaceCart(usize, i64),
    /// Pays with a card.
    Pay(&'static str),
    /// Opens a page on which it can be paid.
    OpenCheckout,
    /// Decides such a page, whatever has become of the order.
    Decide(&'static str),
    Cancel,
    Ship,
    Deliver,
    /// Pays everything back that is left.
    RefundRest,
    /// Pays one piece of a line back.
    RefundLine(usize),
    /// Pays so much of the payment back, past the order.
    RefundPayment(i64),
}

/// A deed, for an order: its index in the journal, or thereabouts.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub deed: Deed,
    pub buyer: usize,
    pub order: usize,
    /// Sent twice, as somebody does who was not sure.
    pub is_doubled: bool,
}

/// A process that is killed.
#[derive(Clone, Debug)]
pub(super) struct Kill {
    pub service: &'static str,
    /// After so many tasks of the round.
    pub after: usize,
    /// Started again while clients go on trying; else after they have given up.
    pub is_awaited: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Round {
    pub tasks: Vec<Vec<Task>>,
    pub kill: Option<Kill>,
}

/// In how many of a hundred rounds that are dangerous a process is killed, and which it may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Danger {
    pub percent: usize,
    pub services: &'static [&'static str],
}

/// A round of people who know so many orders, among so many buyers and products.
pub(super) fn round(
    chance: &mut Chance,
    orders: usize,
    (buyers, products): (usize, usize),
    danger: Danger,
) -> Round {
    let mut task = |_| {
        let is_recent = chance.percent(85);
        let back = chance.below(if is_recent {
            RECENT.min(orders + 1)
        } else {
            orders + 1
        });
        Task {
            deed: deed(chance, orders, products),
            buyer: chance.below(buyers),
            order: (orders - back).min(orders.saturating_sub(1)),
            is_doubled: chance.percent(15),
        }
    };
    let tasks = (0..CLIENTS)
        .map(|_| (0..TASKS).map(&mut task).collect())
        .collect();
    let kill = chance.percent(danger.percent).then(|| Kill {
        service: chance.pick(danger.services),
        after: 1 + chance.below(CLIENTS * TASKS * 2 / 3),
        is_awaited: chance.percent(50),
    });
    Round { tasks, kill }
}

fn deed(chance: &mut Chance, orders: usize, products: usize) -> Deed {
    let quantity = 1 + i64::from(chance.percent(30));
    let lines = (0..products).map(|product| (product, quantity));
    let mut lines: Vec<_> = lines.filter(|_| chance.percent(45)).collect();
    if lines.is_empty() {
        lines.push((0, quantity));
    }
    if orders == 0 {
        return Deed::Place(lines);
    }
    let pages = [
        "approve",
        "approve",
        "require_action",
        "complete_action",
        "decline",
        "abandon",
    ];
    let all = [
        (28, Deed::Place(lines)),
        (6, Deed::PlaceCart(chance.below(products), quantity)),
        (24, Deed::Pay(chance.weighted(&CARDS))),
        (9, Deed::OpenCheckout),
        (12, Deed::Decide(chance.pick(&pages))),
        (8, Deed::Cancel),
        (5, Deed::Ship),
        (3, Deed::Deliver),
        (3, Deed::RefundRest),
        (5, Deed::RefundLine(chance.below(products))),
        (2, Deed::RefundPayment(chance.pick(&[1, 1250]))),
    ];
    chance.weighted(&all)
}
