insert into event_numbers (thousand, week)
-- In one order, whoever writes: no two wait for each other.
select distinct number / 1000 as thousand, event_week(occurred_at) as week
from unnest($1::bigint[], $2::timestamptz[]) as event (number, occurred_at)
order by 1, 2
on conflict do nothing
