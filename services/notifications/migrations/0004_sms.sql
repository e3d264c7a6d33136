-- By which way a message goes to whom it is for.
ALTER TABLE messages ADD COLUMN channel TEXT COLLATE "C" NOT NULL DEFAULT 'email' CHECK (channel IN ('email', 'sms'));
ALTER TABLE mailbox ADD COLUMN channel TEXT COLLATE "C" NOT NULL DEFAULT 'email' CHECK (channel IN ('email', 'sms'));
ALTER TABLE preferences ADD COLUMN sms BIGINT NOT NULL DEFAULT 0 CHECK (sms IN (0, 1));

-- The numbers of users who gave one.
CREATE TABLE phones (
    user_id      TEXT COLLATE "C" PRIMARY KEY,
    phone_number TEXT COLLATE "C" NOT NULL
);
