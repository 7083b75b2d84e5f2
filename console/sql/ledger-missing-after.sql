-- How many after a seq are neither confirmed nor given up: the missing of all, less the missing of what was given up.
with after as (
  select $3::bigint + 1 as from_seq, max(last_seq) as to_seq from ledger_hours where device_id = $1 and epoch = $2
),
spans as (
  select from_seq, to_seq, 1 as sign from after where from_seq <= to_seq
  union all
  select greatest(dropped.from_seq, after.from_seq), least(dropped.to_seq, after.to_seq), -1
  from after
  join dropped_ranges as dropped on dropped.device_id = $1
    and dropped.epoch = $2
    and dropped.to_seq >= after.from_seq
    and dropped.from_seq <= after.to_seq
)
select coalesce(sum(sign * (to_seq - from_seq + 1 - confirmed_between($1, $2, from_seq, to_seq))), 0) as missing
from spans
