-- What was issued before a time; and the first of each epoch that was confirmed, or given up.
select
  wanted.epoch,
  (
    select max(last_seq) from ledger_hours
    where device_id = $1 and epoch = wanted.epoch and hour < $2
  ) as issued_before,
  (
    select block * 4096 + position(B'1' in bits) - 1 from seq_blocks
    where device_id = $1 and epoch = wanted.epoch
    order by block
    limit 1
  ) as first_confirmed,
  (
    select from_seq from dropped_ranges
    where device_id = $1 and epoch = wanted.epoch
    order by to_seq
    limit 1
  ) as first_dropped
from unnest($3::integer[]) as wanted (epoch)
