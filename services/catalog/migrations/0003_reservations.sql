-- What is held of the stock for orders: one row for each order, whatever became of it. One that was released before
-- it was made stays as a mark, so that it is not made afterwards.
CREATE TABLE reservations (
    order_id   TEXT COLLATE "C" PRIMARY KEY,
    status     TEXT COLLATE "C" NOT NULL
        CHECK (status IN ('reserved', 'rejected', 'released', 'expired', 'committed', 'restocked')),
    -- NULL where it was released before it was made.
    expires_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CHECK (expires_at IS NOT NULL OR status = 'released')
);

CREATE INDEX reservations_held ON reservations (expires_at) WHERE status = 'reserved';

CREATE TABLE reservation_items (
    order_id  TEXT COLLATE "C" NOT NULL REFERENCES reservations (order_id),
    -- Of an order that was rejected it may be one that there never was.
    sku_key   TEXT COLLATE "C" NOT NULL,
    sku       TEXT COLLATE "C" NOT NULL,
    quantity  BIGINT NOT NULL CHECK (quantity > 0),
    -- When it was decided: what was left, or what there was where that was not enough.
    available BIGINT NOT NULL CHECK (available >= 0),
    PRIMARY KEY (order_id, sku_key)
);

-- The order for which stock was moved.
ALTER TABLE stock_movements ADD COLUMN order_id TEXT COLLATE "C";
