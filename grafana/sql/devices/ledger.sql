-- As the console's ledger has it: what these hours issued is by how much they raised the greatest seq. Of what is missing,
-- a device has given up or still holds some; nobody says anything about the rest.
with counted as (
  select device_id, epoch, sum(received) as received, max(last_seq) as to_seq
  from ledger_hours
  where hour between date_trunc('hour', $__timeFrom()::timestamptz, 'UTC') and $__timeTo()
    and device_id = any(array[$device]::text[])
  group by device_id, epoch
),
spans as (
  select
    counted.*,
    coalesce(
      (
        select max(last_seq) from ledger_hours
        where device_id = counted.device_id and epoch = counted.epoch
          and hour < date_trunc('hour', $__timeFrom()::timestamptz, 'UTC')
      ),
      -- Those without a number of the device's own are given out from 1; what a device begins with is its own affair.
      case when epoch = 0 then 0 end,
      least(
        (
          select block * 4096 + position(B'1' in bits) - 1 from seq_blocks
          where device_id = counted.device_id and epoch = counted.epoch
          order by block
          limit 1
        ),
        (
          select from_seq from dropped_ranges
          where device_id = counted.device_id and epoch = counted.epoch
          order by to_seq
          limit 1
        )
      ) - 1
    ) as after_seq
  from counted
),
given_up as (
  select
    device_id, epoch, sum(last.seq - first.seq + 1 - confirmed_between(device_id, epoch, first.seq, last.seq)) as count
  from spans
  join dropped_ranges using (device_id, epoch)
  cross join lateral (select greatest(from_seq, after_seq + 1) as seq) as first
  cross join lateral (select least(dropped_ranges.to_seq, spans.to_seq) as seq) as last
  where first.seq <= last.seq
  group by device_id, epoch
),
told as (
  select
    spans.device_id,
    greatest(to_seq - after_seq, 0) as issued,
    received,
    coalesce(given_up.count, 0) as given_up,
    case when queue_epoch = spans.epoch then coalesce(queue_depth, 0) else 0 end as queued
  from spans
  left join given_up using (device_id, epoch)
  left join device_heartbeats using (device_id)
),
devices_told as (
  select
    device_id,
    sum(issued)::bigint as issued,
    sum(received)::bigint as received,
    sum(given_up)::bigint as given_up,
    sum(least(queued, greatest(issued - received - given_up, 0)))::bigint as waiting
  from told
  group by device_id
)
select
  coalesce(nullif(devices.name, ''), devices.id) as device,
  issued,
  received,
  given_up,
  waiting,
  issued - received - given_up - waiting as unexplained
from devices_told
join devices on devices.id = device_id
order by unexplained desc, devices.id
