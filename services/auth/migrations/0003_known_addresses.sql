-- Whether somebody has signed in from an address before.
CREATE INDEX sessions_of_user_from ON sessions (user_id, ip);
