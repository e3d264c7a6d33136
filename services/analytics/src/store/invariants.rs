//! What must hold of the tables of analytics, whatever happened before; and what others know too.

use kit_service::{Fact, Invariant};

pub(crate) const INVARIANTS: &[Invariant] = &[
    Invariant {
        rule: "what is counted of all is the sum of what is counted of each user",
        violations: "SELECT CAST(generation AS TEXT) FROM generations WHERE state = 'live' AND ( \
           events <> COALESCE((SELECT SUM(events) FROM user_counts \
                               WHERE user_counts.generation = generations.generation), 0) OR \
           transactions <> COALESCE((SELECT SUM(transactions) FROM user_counts \
                                     WHERE user_counts.generation = generations.generation), 0) OR \
           amount_minor <> COALESCE((SELECT SUM(amount_minor) FROM user_counts \
                                     WHERE user_counts.generation = generations.generation), 0) OR \
           paid <> COALESCE((SELECT SUM(paid) FROM user_counts \
                             WHERE user_counts.generation = generations.generation), 0) OR \
           users <> (SELECT COUNT(*) FROM user_counts WHERE user_counts.generation = generations.generation))",
    },
    Invariant {
        rule: "what is counted of all is the sum of what is counted by the hour",
        violations: "SELECT CAST(generation AS TEXT) FROM generations WHERE state = 'live' AND ( \
           events <> COALESCE((SELECT SUM(events) FROM hour_counts \
                               WHERE hour_counts.generation = generations.generation), 0) OR \
           transactions <> COALESCE((SELECT SUM(transactions) FROM hour_counts \
                                     WHERE hour_counts.generation = generations.generation), 0) OR \
           amount_minor <> COALESCE((SELECT SUM(amount_minor) FROM hour_counts \
                                     WHERE hour_counts.generation = generations.generation), 0) OR \
           paid <> COALESCE((SELECT SUM(paid) FROM hour_counts \
                             WHERE hour_counts.generation = generations.generation), 0))",
    },
    Invariant {
        rule: "an event of an order is counted once",
        violations: "SELECT CAST(generation AS TEXT) FROM generations WHERE state = 'live' AND \
           order_events <> COALESCE((SELECT SUM(events) FROM counted_orders \
                                     WHERE counted_orders.generation = generations.generation), 0)",
    },
];

pub(crate) const FACTS: &[Fact] = &[
    // With what is written down and not added up yet.
    Fact {
        name: "what a user's transactions come to",
        rows: "SELECT user_id, CAST(SUM(transactions) AS TEXT) || ' made, ' || CAST(SUM(amount_minor) AS TEXT) \
                 || ' minor, ' || CAST(SUM(paid) AS TEXT) || ' paid' \
               FROM (SELECT user_id, transactions, amount_minor, paid FROM user_counts \
                     WHERE generation = (SELECT generation FROM generations WHERE state = 'live') \
                     UNION ALL SELECT user_id, transactions, amount_minor, paid FROM facts \
                     WHERE generation = (SELECT generation FROM generations WHERE state = 'live')) AS counted \
               GROUP BY user_id",
    },
    // A fact is JSON that begins with the order's identifier, which has forty characters.
    Fact {
        name: "how much has happened to an order",
        rows: "SELECT order_id, CAST(SUM(events) AS TEXT) \
               FROM (SELECT order_id, events FROM counted_orders \
                     WHERE generation = (SELECT generation FROM generations WHERE state = 'live') \
                     UNION ALL SELECT SUBSTR(fact, 14, 40), 1 FROM order_facts \
                     WHERE generation = (SELECT generation FROM generations WHERE state = 'live')) AS counted \
               GROUP BY order_id",
    },
    Fact {
        name: "what orders came to, by currency",
        rows: "SELECT currency, CAST(SUM(CASE metric WHEN 'paid_minor' THEN value ELSE -value END) AS TEXT) \
               FROM order_totals WHERE generation = (SELECT generation FROM generations WHERE state = 'live') \
                 AND metric IN ('paid_minor', 'refunded_minor') \
               GROUP BY currency HAVING SUM(CASE metric WHEN 'paid_minor' THEN value ELSE -value END) <> 0",
    },
];
