-- The newest capture of each device, by an index each, and what its ledger lacks.
select
  devices.id,
  devices.last_seen_at,
  newest.frame_id as last_frame_id,
  newest.captured_at as last_captured_at,
  ledger.highest_seq - ledger.confirmed as missing
from devices
left join lateral (
  select frame_id, captured_at from captures
  where device_id = devices.id and blob_key is not null
  order by captured_at desc, seq desc
  limit 1
) as newest on true
left join lateral (
  select coalesce(sum(bit_count(bits)), 0) as confirmed, devices.next_upload_seq - 1 as highest_seq
  from seq_blocks where device_id = devices.id
) as ledger on true
order by devices.id
limit $1
