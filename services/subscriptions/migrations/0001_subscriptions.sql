CREATE TABLE subscriptions (
    -- Chosen by whoever begins it; for its adapter the name of the service instance.
    id                  TEXT COLLATE "C" PRIMARY KEY,
    user_id             TEXT COLLATE "C" NOT NULL,
    username            TEXT NOT NULL,
    adapter             TEXT COLLATE "C" NOT NULL,
    -- The plan as it was when the subscription was begun.
    sku                 TEXT COLLATE "C" NOT NULL,
    plan_name           TEXT NOT NULL,
    price_minor         BIGINT NOT NULL CHECK (price_minor > 0),
    currency            TEXT COLLATE "C" NOT NULL,
    duration_days       BIGINT NOT NULL CHECK (duration_days > 0),
    status              TEXT COLLATE "C" NOT NULL
                        CHECK (status IN ('incomplete', 'active', 'past_due', 'cancelled', 'expired')),
    -- The moment of the first payment, from which periods are counted.
    anchor              BIGINT,
    paid_periods        BIGINT NOT NULL CHECK (paid_periods >= 0),
    -- Which of them is the present one; the first is 0.
    current_index       BIGINT NOT NULL CHECK (current_index >= 0),
    cancel_at_period_end BIGINT NOT NULL CHECK (cancel_at_period_end IN (0, 1)),
    -- The invoice that can be paid.
    open_invoice_id     TEXT COLLATE "C",
    open_invoice_due_at BIGINT,
    past_due_at         BIGINT,
    reminders           BIGINT NOT NULL CHECK (reminders >= 0),
    reminded_at         BIGINT,
    ended_at            BIGINT,
    end_reason          TEXT COLLATE "C",
    -- What its money wants of its service.
    wanted              TEXT COLLATE "C" NOT NULL CHECK (wanted IN ('nothing', 'running', 'suspended', 'gone')),
    -- How far its service is.
    resource            TEXT COLLATE "C" NOT NULL CHECK (resource IN
                        ('absent', 'requested', 'in_progress', 'provisioned', 'orphaned', 'active', 'suspended',
                         'failing', 'failed', 'gone')),
    -- What the adapter calls what it is doing.
    operation           TEXT,
    -- Why the service could not be provisioned.
    failure             TEXT,
    latest_invoice_id   TEXT COLLATE "C" NOT NULL,
    -- How many events were told of it.
    version             BIGINT NOT NULL CHECK (version > 0),
    -- How often anything of it changed.
    revision            BIGINT NOT NULL CHECK (revision > 0),
    created_at          BIGINT NOT NULL,
    updated_at          BIGINT NOT NULL,
    CHECK ((open_invoice_id IS NULL) = (open_invoice_due_at IS NULL))
);

-- One that lives for each user and adapter.
CREATE UNIQUE INDEX subscriptions_living ON subscriptions (user_id, adapter)
    WHERE status IN ('incomplete', 'active', 'past_due');

CREATE INDEX subscriptions_user ON subscriptions (user_id, created_at, id);
CREATE INDEX subscriptions_created ON subscriptions (created_at, id);

CREATE TABLE invoices (
    id              TEXT COLLATE "C" PRIMARY KEY,
    -- Without gaps: given in the transaction that finalises the invoice.
    number          BIGINT UNIQUE CHECK (number > 0),
    subscription_id TEXT COLLATE "C" NOT NULL REFERENCES subscriptions (id),
    user_id         TEXT COLLATE "C" NOT NULL,
    status          TEXT COLLATE "C" NOT NULL CHECK (status IN ('draft', 'open', 'paid', 'void')),
    currency        TEXT COLLATE "C" NOT NULL,
    total_minor     BIGINT NOT NULL CHECK (total_minor > 0),
    issued_at       BIGINT NOT NULL,
    due_at          BIGINT NOT NULL,
    -- Until when its payment can be made.
    payable_until   BIGINT NOT NULL,
    paid_at         BIGINT,
    payment_id      TEXT COLLATE "C",
    -- Whether what was paid is given back.
    is_given_back   BIGINT NOT NULL CHECK (is_given_back IN (0, 1)),
    -- What somebody has to look at.
    flag            TEXT COLLATE "C",
    revision        BIGINT NOT NULL CHECK (revision > 0),
    CHECK ((status = 'draft') = (number IS NULL))
);

CREATE INDEX invoices_subscription ON invoices (subscription_id, number);
CREATE INDEX invoices_user ON invoices (user_id, number);

-- One that can be paid for each subscription.
CREATE UNIQUE INDEX invoices_open ON invoices (subscription_id) WHERE status IN ('draft', 'open');

-- What is owed for what. Rows are added and never changed.
CREATE TABLE invoice_lines (
    invoice_id       TEXT COLLATE "C" NOT NULL REFERENCES invoices (id),
    line             BIGINT NOT NULL CHECK (line > 0),
    description      TEXT NOT NULL,
    quantity         BIGINT NOT NULL CHECK (quantity > 0),
    unit_price_minor BIGINT NOT NULL CHECK (unit_price_minor > 0),
    amount_minor     BIGINT NOT NULL CHECK (amount_minor = quantity * unit_price_minor),
    period_start     BIGINT,
    period_end       BIGINT,
    PRIMARY KEY (invoice_id, line)
);

-- The last number of an invoice. Whoever takes one holds the row until the commit, so that none is left out.
CREATE TABLE invoice_numbers (
    id   BIGINT PRIMARY KEY CHECK (id = 1),
    last BIGINT NOT NULL CHECK (last >= 0)
);

INSERT INTO invoice_numbers (id, last) VALUES (1, 0);

-- By what a callback is known: the SHA-256 of its token, in base64url. The token is nowhere.
CREATE TABLE invoice_callbacks (
    token_hash TEXT COLLATE "C" PRIMARY KEY,
    invoice_id TEXT COLLATE "C" NOT NULL REFERENCES invoices (id)
);

CREATE INDEX invoice_callbacks_invoice ON invoice_callbacks (invoice_id);

-- What subscriptions does next of its own accord. A row is there as long as it is not done. Who takes one puts it off for
-- as long as it may need, so that another takes it where the first is lost.
CREATE TABLE subscription_steps (
    subscription_id TEXT COLLATE "C" NOT NULL REFERENCES subscriptions (id),
    step            TEXT COLLATE "C" NOT NULL,
    -- The invoice that a step is about, else empty.
    subject         TEXT COLLATE "C" NOT NULL,
    due_at          BIGINT NOT NULL,
    tries           BIGINT NOT NULL CHECK (tries >= 0),
    PRIMARY KEY (subscription_id, step, subject)
);

CREATE INDEX subscription_steps_due ON subscription_steps (due_at);
