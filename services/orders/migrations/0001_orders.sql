-- The last number that was given to an order. Whoever places one takes the next as its last statement, and holds the
-- row for no longer than its commit takes; one that is rolled back gives its number back.
CREATE TABLE order_numbers (
    id   BIGINT PRIMARY KEY CHECK (id = 1),
    last BIGINT NOT NULL
);

INSERT INTO order_numbers (id, last) VALUES (1, 10000);

CREATE TABLE orders (
    id               TEXT COLLATE "C" PRIMARY KEY,
    -- Without gaps, in the order in which orders were committed; NULL until the last statement of the transaction that
    -- places it.
    number           BIGINT UNIQUE,
    -- NULL where it was a guest, whose address is kept instead.
    user_id          TEXT COLLATE "C",
    email            TEXT,
    status           TEXT COLLATE "C" NOT NULL CHECK (status IN
        ('pending', 'confirmed', 'rejected', 'paid', 'shipped', 'delivered', 'cancelled', 'refunded')),
    -- How many rows its history has: the sequence of its events.
    version          BIGINT NOT NULL CHECK (version > 0),
    -- How often anything of it changed: its ETag.
    revision         BIGINT NOT NULL CHECK (revision > 0),
    currency         TEXT COLLATE "C" NOT NULL CHECK (length(currency) = 3),
    total_minor      BIGINT NOT NULL CHECK (total_minor > 0),
    -- What was paid back, the sum of its refunds that succeeded.
    refunded_minor   BIGINT NOT NULL CHECK (refunded_minor >= 0),
    payment_id       TEXT COLLATE "C",
    -- JSON.
    shipping_address TEXT,
    note             TEXT,
    reason           TEXT,
    -- Of which SKUs there was not enough; a JSON array.
    shortages        TEXT NOT NULL,
    carrier          TEXT,
    tracking_number  TEXT,
    created_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL,
    CHECK (refunded_minor <= total_minor),
    CHECK (payment_id IS NOT NULL OR status IN ('pending', 'rejected', 'cancelled')),
    CHECK ((carrier IS NULL) = (tracking_number IS NULL)),
    CHECK (tracking_number IS NOT NULL OR status NOT IN ('shipped', 'delivered'))
);

CREATE INDEX orders_user ON orders (user_id, number);
CREATE INDEX orders_unpaid ON orders (user_id) WHERE status IN ('pending', 'confirmed');
CREATE INDEX orders_status ON orders (status, number);
CREATE INDEX orders_payment ON orders (payment_id);
CREATE INDEX orders_tracking ON orders (tracking_number);

CREATE TABLE order_items (
    order_id         TEXT COLLATE "C" NOT NULL REFERENCES orders (id),
    -- The SKU in lower case.
    sku_key          TEXT COLLATE "C" NOT NULL,
    -- As the catalog wrote it, like the name and the price, when the order was placed.
    sku              TEXT COLLATE "C" NOT NULL,
    name             TEXT NOT NULL,
    quantity         BIGINT NOT NULL CHECK (quantity > 0),
    unit_price_minor BIGINT NOT NULL CHECK (unit_price_minor > 0),
    PRIMARY KEY (order_id, sku_key)
);

-- What happened to orders, by whom. Rows are added and never changed; the newest says what `orders` says.
CREATE TABLE order_history (
    order_id        TEXT COLLATE "C" NOT NULL REFERENCES orders (id),
    -- 1 when it was placed, the next 2, without gaps.
    version         BIGINT NOT NULL CHECK (version > 0),
    -- After it.
    status          TEXT COLLATE "C" NOT NULL,
    reason          TEXT,
    carrier         TEXT,
    tracking_number TEXT,
    -- How much this paid back.
    refunded_minor  BIGINT,
    -- A user's identifier, or the name of a service.
    actor           TEXT COLLATE "C" NOT NULL,
    at              BIGINT NOT NULL,
    PRIMARY KEY (order_id, version)
);

CREATE TABLE refunds (
    id           TEXT COLLATE "C" PRIMARY KEY,
    order_id     TEXT COLLATE "C" NOT NULL REFERENCES orders (id),
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    status       TEXT COLLATE "C" NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
    -- Who asked for it: a user's identifier, or the name of a service.
    actor        TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT NOT NULL
);

CREATE INDEX refunds_order ON refunds (order_id, created_at, id);

CREATE TABLE refund_items (
    refund_id TEXT COLLATE "C" NOT NULL REFERENCES refunds (id),
    sku_key   TEXT COLLATE "C" NOT NULL,
    sku       TEXT COLLATE "C" NOT NULL,
    quantity  BIGINT NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (refund_id, sku_key)
);

-- From which state of which cart an order was made: from each only one, however often it is asked for.
CREATE TABLE ordered_carts (
    user_id      TEXT COLLATE "C" NOT NULL,
    cart_version BIGINT NOT NULL,
    order_id     TEXT COLLATE "C" NOT NULL UNIQUE REFERENCES orders (id),
    PRIMARY KEY (user_id, cart_version)
);

-- Whose account is gone: what is personal in an order goes with it, or, where the order is still on its way, once that
-- is over.
CREATE TABLE deleted_users (
    user_id    TEXT COLLATE "C" PRIMARY KEY,
    deleted_at BIGINT NOT NULL
);

-- What orders does next of its own accord. A row is there as long as it is not done. Who takes one puts it off for as
-- long as it may need, so that another takes it where the first is lost.
CREATE TABLE order_steps (
    order_id TEXT COLLATE "C" NOT NULL REFERENCES orders (id),
    step     TEXT COLLATE "C" NOT NULL,
    -- The refund that a step is about, else empty.
    subject  TEXT COLLATE "C" NOT NULL,
    due_at   BIGINT NOT NULL,
    tries    BIGINT NOT NULL CHECK (tries >= 0),
    PRIMARY KEY (order_id, step, subject)
);

CREATE INDEX order_steps_due ON order_steps (due_at);
