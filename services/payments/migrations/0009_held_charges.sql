-- Money that a provider has charged and that is not taken for its payment, until it is paid back.
CREATE TABLE held_charges (
    payment_id   TEXT COLLATE "C" NOT NULL,
    -- The attempt that it was charged for.
    number       BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    -- It may be another than the payment's.
    currency     TEXT COLLATE "C" NOT NULL CHECK (length(currency) = 3),
    status       TEXT COLLATE "C" NOT NULL CHECK (status IN ('held', 'returning', 'returned')),
    -- What it is paid back by, named by who asks for it.
    refund_id    TEXT COLLATE "C" UNIQUE,
    -- Why the provider has refused to pay it back.
    reason       TEXT,
    next_look_at BIGINT NOT NULL,
    looks        BIGINT NOT NULL CHECK (looks >= 0),
    at           BIGINT NOT NULL,
    PRIMARY KEY (payment_id, number),
    FOREIGN KEY (payment_id, number) REFERENCES payment_attempts (payment_id, number),
    CHECK ((status = 'held') = (refund_id IS NULL))
);

CREATE INDEX held_charges_due ON held_charges (next_look_at) WHERE status = 'returning';
