-- By which name Stripe knows the charge of a key of ours.
CREATE TABLE stripe_charges (
    key        TEXT COLLATE "C" PRIMARY KEY,
    -- NULL where it was given up before it was asked for.
    kind       TEXT COLLATE "C" CHECK (kind IN ('payment_intent', 'checkout_session')),
    -- NULL until Stripe has said it. Nothing is charged before it is here.
    object_id  TEXT COLLATE "C" UNIQUE,
    -- Given up before Stripe had said it: what it says afterwards is not used any more.
    closed     BIGINT NOT NULL CHECK (closed IN (0, 1)),
    created_at BIGINT NOT NULL,
    CHECK (closed = 0 OR object_id IS NULL),
    CHECK (closed = 1 OR kind IS NOT NULL)
);
