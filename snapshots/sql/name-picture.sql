-- The event's place among those of its device ($3), type ($4), lane ($5) and moment: how many of them have smaller numbers.
-- It is kept when it is first asked for, since rows go; and where somebody has that place already, for the same reason, it is
-- the next one that is free.
with moment as (
  select id, number, snapshot_ordinal from events
  where device_id = $3 and occurred_at = $2 and type = $4 and lane = $5
),
own as (
  select snapshot_ordinal, (select count(*) from moment as before where before.number < moment.number) as place
  from moment
  where id = $1
),
named as (
  update events set snapshot_ordinal = case
    when exists (select from moment where snapshot_ordinal = own.place)
      then (select max(snapshot_ordinal) + 1 from moment)
    else own.place
  end
  from own
  where events.id = $1 and events.occurred_at = $2 and events.snapshot_ordinal is null
  returning events.snapshot_ordinal
)
select coalesce(own.snapshot_ordinal, named.snapshot_ordinal) as ordinal
from own
left join named on true
