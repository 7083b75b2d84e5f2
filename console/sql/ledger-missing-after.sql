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
select coalesce(sum(sign * (to_seq - from_seq + 1 - confirmed.count)), 0) as missing
from spans
cross join lateral (
  select coalesce(sum(bit_count(bits & (
    repeat('0', at.first) || repeat('1', at.last - at.first + 1) || repeat('0', 4095 - at.last)
  )::bit(4096))), 0) as count
  from seq_blocks
  cross join lateral (
    select
      greatest(from_seq - block * 4096, 0)::integer as first,
      least(to_seq - block * 4096, 4095)::integer as last
  ) as at
  where device_id = $1 and epoch = $2 and block between from_seq / 4096 and to_seq / 4096
) as confirmed
