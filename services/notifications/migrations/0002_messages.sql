-- What is sent to people: one row for each message, written with the effect that it tells of. It is kept for a while
-- after its end, without what it said and to whom, so that a repeat of it is known.
CREATE TABLE messages (
    message_id  TEXT COLLATE "C" PRIMARY KEY,
    kind        TEXT COLLATE "C" NOT NULL,
    -- To whom: a user, whose address is asked for when it is sent, or an address.
    user_id     TEXT COLLATE "C",
    address     TEXT,
    -- What it says, as JSON.
    content     TEXT,
    state       TEXT COLLATE "C" NOT NULL CHECK (state IN ('pending', 'sent', 'given_up')),
    attempts    BIGINT NOT NULL CHECK (attempts >= 0),
    -- When it is tried next; while somebody tries, when another one may.
    due_at      BIGINT NOT NULL,
    -- When it is of no more use, where that is known.
    expires_at  BIGINT,
    -- Why the last attempt failed; none while the next one is made.
    reason      TEXT,
    created_at  BIGINT NOT NULL,
    finished_at BIGINT,
    CHECK ((state = 'pending') = (content IS NOT NULL)),
    CHECK ((state = 'pending') = (finished_at IS NULL)),
    CHECK (state <> 'pending' OR user_id IS NOT NULL OR address IS NOT NULL)
);

CREATE INDEX messages_due ON messages (due_at) WHERE state = 'pending';
CREATE INDEX messages_finished ON messages (finished_at) WHERE state <> 'pending';
CREATE INDEX messages_of_user ON messages (user_id);

-- Stands for a mail server where none is configured.
CREATE TABLE mailbox (
    mail_id    TEXT COLLATE "C" PRIMARY KEY,
    message_id TEXT COLLATE "C" NOT NULL,
    user_id    TEXT COLLATE "C",
    recipient  TEXT NOT NULL,
    -- What is looked for.
    recipient_key TEXT COLLATE "C" NOT NULL,
    subject    TEXT NOT NULL,
    text       TEXT NOT NULL,
    html       TEXT NOT NULL,
    sent_at    BIGINT NOT NULL,
    CONSTRAINT mailbox_once UNIQUE (message_id)
);

CREATE INDEX mailbox_of_recipient ON mailbox (recipient_key, mail_id);

-- How users want to be told; what has no row is as usual.
CREATE TABLE preferences (
    user_id TEXT COLLATE "C" NOT NULL,
    kind    TEXT COLLATE "C" NOT NULL,
    in_app  BIGINT NOT NULL CHECK (in_app IN (0, 1)),
    email   BIGINT NOT NULL CHECK (email IN (0, 1)),
    PRIMARY KEY (user_id, kind)
);
