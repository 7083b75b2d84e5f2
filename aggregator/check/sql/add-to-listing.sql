insert into listed_blobs (key) select unnest($1::text[])
