-- The SHA-256 of the guest's token that opens a payment, in base64url; NULL where it is no guest's order. It stays when the
-- order becomes a user's.
ALTER TABLE payments ADD COLUMN guest_token TEXT COLLATE "C";

CREATE UNIQUE INDEX payments_of_guest ON payments (guest_token) WHERE guest_token IS NOT NULL;
