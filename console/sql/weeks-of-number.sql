-- From when until when the events of a number's thousand happened; nulls where there is none.
select
  min(week)::timestamp at time zone 'UTC' as begun,
  (max(week) + 7)::timestamp at time zone 'UTC' as over
from event_numbers
where thousand = $1::bigint / 1000
