-- Drawn pictures of events that were over before $1: the reference goes here, the blob after the commit.
select id as id, occurred_at::text as at, snapshot_path as key, null::integer as size_bytes
from events
where snapshot_path is not null
  and occurred_at < $1 and coalesce(ended_at, occurred_at) < $1
  and ($2::text is null or device_id = $2) and device_id <> all($3::text[])
order by occurred_at
limit $4
