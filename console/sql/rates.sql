-- By arrival, over the last minute of the service's clock; of everybody's devices, or of one owner's. Of events not those
-- that happened more than a week ago, lest all that is packed be looked into for what may have come just now.
with fleet as (
  select array(select id from devices where owner_id = $2) as ids
)
select
  (
    select count(*) from captures
    where received_at > $1::timestamptz - interval '1 minute'
      and ($2::uuid is null or device_id = any((select ids from fleet)::text[]))
  ) as frames,
  (
    select count(*) from events
    where created_at > $1::timestamptz - interval '1 minute'
      and occurred_at > $1::timestamptz - interval '7 days'
      and ($2::uuid is null or device_id = any((select ids from fleet)::text[]))
  ) as events,
  (
    select count(*) from dead_letters
    where created_at > $1::timestamptz - interval '1 day'
      and ($2::uuid is null or device_id = any((select ids from fleet)::text[]))
  ) as dead_letters,
  (
    select count(*) from dead_letters
    where state = 'open' and ($2::uuid is null or device_id = any((select ids from fleet)::text[]))
  ) as open_letters
