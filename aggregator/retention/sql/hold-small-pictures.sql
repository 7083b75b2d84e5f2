-- Those that are still noted, and not to be deleted before $2. Until the transaction ends nobody takes a note away, so that
-- whoever erases finds the picture either noted or named.
select key from expired_blobs where key = any($1::text[]) and expired_at > $2 for update
