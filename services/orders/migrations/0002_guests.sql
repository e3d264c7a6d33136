-- Orders that guests placed, as long as the guest may come back to them.
CREATE TABLE guest_orders (
    order_id   TEXT COLLATE "C" PRIMARY KEY REFERENCES orders (id),
    -- The SHA-256 of the guest's token, in base64url. The token is nowhere: it is made of the guest's cart token, which is
    -- nowhere either, and of the salt.
    token_hash TEXT COLLATE "C" NOT NULL UNIQUE,
    -- Random, in hexadecimal digits.
    salt       TEXT COLLATE "C" NOT NULL,
    -- The guest's address as it is compared with others.
    email_key  TEXT COLLATE "C" NOT NULL
);

CREATE INDEX guest_orders_email ON guest_orders (email_key);

-- For whom a guest's order counts as long as it waits to be paid: `cart:`, `email:` or `network:` and which.
CREATE TABLE unpaid_guest_orders (
    order_id TEXT COLLATE "C" NOT NULL REFERENCES orders (id),
    subject  TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (order_id, subject)
);

-- How many of those a subject has. Who places an order holds the rows until the commit, in the order of the subjects, so
-- that nobody gets more than they may by asking at once.
CREATE TABLE unpaid_guest_counts (
    subject TEXT COLLATE "C" PRIMARY KEY,
    unpaid  BIGINT NOT NULL CHECK (unpaid >= 0)
);

-- Who has shown that an address is theirs.
CREATE TABLE confirmed_addresses (
    email_key TEXT COLLATE "C" PRIMARY KEY,
    user_id   TEXT COLLATE "C" NOT NULL
);

CREATE INDEX confirmed_addresses_user ON confirmed_addresses (user_id);

-- Whose cart it was: a user's identifier, or `guest:` and the hash of a cart token.
ALTER TABLE ordered_carts RENAME COLUMN user_id TO owner;
