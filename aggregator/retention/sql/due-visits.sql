-- Stays that were over before $1, or of which nothing was heard since.
select id as id, opened_at::text as at
from visits
where opened_at < $1 and coalesce(ended_at, last_seen_at, opened_at) < $1
  and ($2::text is null or device_id = $2) and device_id <> all($3::text[])
order by opened_at
limit $4
