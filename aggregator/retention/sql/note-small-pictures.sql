-- Pictures that are about to be stored, as if they were over at $3: so that they go if nobody comes to name them.
insert into expired_blobs (key, class, size_bytes, expired_at)
select key, 'downscaled', size_bytes, $3 from unnest($1::text[], $2::bigint[]) as small (key, size_bytes)
