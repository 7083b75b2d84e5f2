-- Which events a page has, by their times alone: where events are compressed, each column that is asked for is unpacked of a
-- thousand at once, and so the rest is read of these few (read-events.sql). No further back than $9: by a time chunks are passed
-- over before the plan is made.
select device_id, occurred_at::text as at, number
from events
where ($1::text[] is null or type = any($1))
  and ($2::timestamptz is null or occurred_at >= $2)
  and ($3::timestamptz is null or occurred_at <= $3)
  -- Behind the last of the page before.
  and ($4::timestamptz is null or (occurred_at <= $4 and (occurred_at < $4 or number < $5::bigint)))
  and ($6::jsonb is null or event_matches(data, model, $6))
  and ($9::timestamptz is null or occurred_at >= $9)
order by occurred_at desc, number desc
limit $7 offset $8
