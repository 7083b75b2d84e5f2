-- Blobs that should have been deleted before $1.
select key, count(*) over () as total from expired_blobs where expired_at < $1 order by expired_at limit $2
