-- The statistics of topic `orders`, in the same generations. Events of it that are added up, each version of an order
-- once.
ALTER TABLE generations ADD COLUMN order_events BIGINT NOT NULL DEFAULT 0 CHECK (order_events >= 0);

-- As `facts`: what events told and nobody has added up yet.
CREATE TABLE order_facts (
    generation BIGINT NOT NULL,
    event_id   TEXT NOT NULL COLLATE "C",
    -- JSON: the order, its version, and what became of it.
    fact       TEXT NOT NULL,
    PRIMARY KEY (generation, event_id)
);

-- What is known of each order. What it adds to the tables below follows from this row alone, so an event that is
-- added changes them by the difference, in whichever order events come.
CREATE TABLE counted_orders (
    generation BIGINT NOT NULL,
    order_id   TEXT NOT NULL COLLATE "C",
    events     BIGINT NOT NULL CHECK (events > 0),
    -- JSON: what became of it, by version.
    steps      TEXT NOT NULL,
    PRIMARY KEY (generation, order_id)
);

-- By when things happened.
CREATE TABLE order_hours (
    generation BIGINT NOT NULL,
    metric     TEXT NOT NULL COLLATE "C",
    hour       BIGINT NOT NULL,
    currency   TEXT NOT NULL COLLATE "C",
    value      BIGINT NOT NULL,
    PRIMARY KEY (generation, metric, hour, currency)
);

CREATE TABLE order_totals (
    generation BIGINT NOT NULL,
    metric     TEXT NOT NULL COLLATE "C",
    currency   TEXT NOT NULL COLLATE "C",
    value      BIGINT NOT NULL,
    PRIMARY KEY (generation, metric, currency)
);

-- What was sold of each product, less what came back, by the day (UTC).
CREATE TABLE order_products (
    generation    BIGINT NOT NULL,
    day           BIGINT NOT NULL,
    sku           TEXT NOT NULL COLLATE "C",
    currency      TEXT NOT NULL COLLATE "C",
    sold          BIGINT NOT NULL,
    revenue_minor BIGINT NOT NULL,
    PRIMARY KEY (generation, day, sku, currency)
);
