delete from expired_blobs where key = any($1::text[])
