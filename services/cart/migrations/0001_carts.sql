-- One for each user who ever put something into theirs, and one for each guest as long as something is in it.
CREATE TABLE carts (
    -- `user:` and the user's identifier, or `guest:` and the SHA-256 of the token in hexadecimal digits. The token
    -- itself is nowhere.
    owner      TEXT COLLATE "C" PRIMARY KEY,
    is_guest   BIGINT NOT NULL CHECK (is_guest IN (0, 1)),
    -- Grows with each change. Whoever changes the cart or its lines holds this row until the commit; of two carts,
    -- the guest's before the user's.
    version    BIGINT NOT NULL CHECK (version >= 0),
    updated_at BIGINT NOT NULL
);

CREATE INDEX carts_of_guests ON carts (updated_at) WHERE is_guest = 1;

CREATE TABLE cart_lines (
    owner         TEXT COLLATE "C" NOT NULL REFERENCES carts (owner) ON DELETE CASCADE,
    -- The SKU in lower case: it is unique without case.
    sku_key       TEXT COLLATE "C" NOT NULL,
    -- As the catalog writes it.
    sku           TEXT COLLATE "C" NOT NULL,
    -- What it was when it was put in, for a catalog that has forgotten it.
    product_id    TEXT COLLATE "C" NOT NULL,
    name          TEXT NOT NULL,
    quantity      BIGINT NOT NULL CHECK (quantity BETWEEN 1 AND 999),
    -- The price of one when its owner put it in or last changed it.
    price_minor   BIGINT NOT NULL,
    currency      TEXT COLLATE "C" NOT NULL CHECK (length(currency) = 3),
    -- The cart's version with which it came.
    added_version BIGINT NOT NULL CHECK (added_version > 0),
    PRIMARY KEY (owner, sku_key)
);

-- The orders whose lines were taken out of their carts, so that it is done once. Forgotten after a while.
CREATE TABLE cleared_orders (
    order_id   TEXT COLLATE "C" PRIMARY KEY,
    cleared_at BIGINT NOT NULL
);

CREATE INDEX cleared_orders_cleared_at ON cleared_orders (cleared_at);
