-- Whether an order was given up. Its row is held by whoever opens or cancels the payment of the order, so that the
-- two see each other whichever comes first; it is there also for an order that has no payment yet.
CREATE TABLE payment_orders (
    order_id  TEXT COLLATE "C" PRIMARY KEY,
    cancelled BIGINT NOT NULL CHECK (cancelled IN (0, 1))
);

CREATE TABLE payments (
    id              TEXT COLLATE "C" PRIMARY KEY,
    -- An order has one payment for ever.
    order_id        TEXT COLLATE "C" NOT NULL UNIQUE REFERENCES payment_orders (order_id),
    -- NULL of a guest.
    user_id         TEXT COLLATE "C",
    amount_minor    BIGINT NOT NULL CHECK (amount_minor > 0),
    currency        TEXT COLLATE "C" NOT NULL CHECK (length(currency) = 3),
    description     TEXT NOT NULL,
    status          TEXT COLLATE "C" NOT NULL
        CHECK (status IN ('open', 'processing', 'succeeded', 'failed', 'cancelled', 'expired')),
    -- Why it will not be taken although an attempt is under way: a success is paid back at once.
    given_up        TEXT COLLATE "C" CHECK (given_up IN ('cancelled', 'expired')),
    -- What somebody has to look at.
    flag            TEXT COLLATE "C",
    captured_minor  BIGINT NOT NULL CHECK (captured_minor IN (0, amount_minor)),
    -- What was or will be paid back, and of it what was.
    refunding_minor BIGINT NOT NULL CHECK (refunding_minor BETWEEN 0 AND captured_minor),
    refunded_minor  BIGINT NOT NULL CHECK (refunded_minor BETWEEN 0 AND refunding_minor),
    -- How many attempts were made; the number of the last one.
    attempts        BIGINT NOT NULL CHECK (attempts >= 0),
    -- How many of them were declined.
    declines        BIGINT NOT NULL CHECK (declines BETWEEN 0 AND attempts),
    -- How many events were published.
    version         BIGINT NOT NULL CHECK (version > 0),
    expires_at      BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    CHECK (status <> 'succeeded' OR captured_minor = amount_minor),
    CHECK (captured_minor = 0 OR status IN ('succeeded', 'failed', 'cancelled', 'expired'))
);

CREATE INDEX payments_of_user ON payments (user_id, id);
CREATE INDEX payments_due ON payments (expires_at) WHERE status IN ('open', 'processing') AND given_up IS NULL;

CREATE TABLE payment_attempts (
    payment_id   TEXT COLLATE "C" NOT NULL REFERENCES payments (id),
    number       BIGINT NOT NULL CHECK (number > 0),
    provider     TEXT COLLATE "C" NOT NULL,
    status       TEXT COLLATE "C" NOT NULL
        CHECK (status IN ('created', 'dispatched', 'succeeded', 'declined', 'unknown')),
    reason       TEXT,
    -- Where the payer has to go before it goes on.
    action_url   TEXT,
    -- The idempotency key of the request that made it, with its owner: sent again, it finds this attempt.
    request_key  TEXT,
    -- When its provider is asked next what became of it, and how often it was.
    next_look_at BIGINT NOT NULL,
    looks        BIGINT NOT NULL CHECK (looks >= 0),
    at           BIGINT NOT NULL,
    PRIMARY KEY (payment_id, number),
    UNIQUE (payment_id, request_key)
);

-- One attempt of a payment is under way at most, and one captures at most.
CREATE UNIQUE INDEX payment_attempts_running ON payment_attempts (payment_id)
    WHERE status IN ('created', 'dispatched', 'unknown');
CREATE UNIQUE INDEX payment_attempts_captured ON payment_attempts (payment_id) WHERE status = 'succeeded';
CREATE INDEX payment_attempts_due ON payment_attempts (next_look_at)
    WHERE status IN ('created', 'dispatched', 'unknown');

CREATE TABLE payment_refunds (
    -- Named by who asks for it.
    id           TEXT COLLATE "C" PRIMARY KEY,
    payment_id   TEXT COLLATE "C" NOT NULL REFERENCES payments (id),
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    status       TEXT COLLATE "C" NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
    reason       TEXT,
    next_look_at BIGINT NOT NULL,
    looks        BIGINT NOT NULL CHECK (looks >= 0),
    at           BIGINT NOT NULL
);

CREATE INDEX payment_refunds_of_payment ON payment_refunds (payment_id);
CREATE INDEX payment_refunds_due ON payment_refunds (next_look_at) WHERE status = 'pending';
