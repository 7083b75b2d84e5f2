-- Oldest first, and with them goes what nobody has to be told again: a little more than comes, so that it ends some time.
with gone as (
  delete from event_feed
  where position in (
    select position from event_feed
    where fed_at < $6::timestamptz
    order by position
    limit 2 * cardinality($1::bigint[]) + 10
    -- Of an erasure, which may wait for something that this transaction has.
    for update skip locked
  )
)
insert into event_feed (device_id, occurred_at, number, version, fed_at)
select device_id, occurred_at, number, version, $5::timestamptz
from unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::integer[])
  with ordinality as written (number, device_id, occurred_at, version, place)
order by place
