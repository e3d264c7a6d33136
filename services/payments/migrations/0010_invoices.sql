-- What is paid by a payment: an order, or an invoice of a subscription. The prefix of its identifier says which.
ALTER TABLE payment_orders RENAME TO payables;
ALTER TABLE payables RENAME COLUMN order_id TO id;
ALTER TABLE payments RENAME COLUMN order_id TO payable;

-- Where it is said that a payment was paid, until it is taken there.
CREATE TABLE payment_callbacks (
    payment_id   TEXT COLLATE "C" PRIMARY KEY REFERENCES payments (id),
    url          TEXT NOT NULL,
    -- NULL until the payment is paid.
    body         TEXT,
    next_send_at BIGINT,
    tries        BIGINT NOT NULL CHECK (tries >= 0),
    CHECK ((body IS NULL) = (next_send_at IS NULL))
);

CREATE INDEX payment_callbacks_due ON payment_callbacks (next_send_at) WHERE next_send_at IS NOT NULL;

-- Whether its payer decides on a page of the provider's, and somebody who pays otherwise may close that.
ALTER TABLE payment_attempts ADD COLUMN is_hosted BIGINT NOT NULL DEFAULT 0 CHECK (is_hosted IN (0, 1));
