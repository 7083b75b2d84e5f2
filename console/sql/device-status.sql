-- The newest capture of each device, by an index each, and what its ledger lacks: of the seqs that were given out here,
-- and within each epoch of the device's own between the first and the last that were confirmed.
select
  devices.id,
  devices.last_seen_at,
  newest.frame_id as last_frame_id,
  newest.captured_at as last_captured_at,
  devices.next_upload_seq - 1 + ledger.issued - ledger.confirmed as missing
from devices
left join lateral (
  select frame_id, captured_at from captures
  where device_id = devices.id and blob_key is not null
  order by captured_at desc, seq desc
  limit 1
) as newest on true
cross join lateral (
  select
    coalesce(sum(confirmed), 0) as confirmed,
    coalesce(sum(
      (last.block - first.block) * 4096 + length(rtrim(last.bits::text, '0')) - position(B'1' in first.bits) + 1
    ) filter (where epochs.epoch > 0), 0) as issued
  from (
    select epoch, sum(bit_count(bits)) as confirmed, min(block) as first_block, max(block) as last_block
    from seq_blocks
    where device_id = devices.id
    group by epoch
  ) as epochs
  join seq_blocks as first on first.device_id = devices.id
    and first.epoch = epochs.epoch and first.block = epochs.first_block
  join seq_blocks as last on last.device_id = devices.id
    and last.epoch = epochs.epoch and last.block = epochs.last_block
) as ledger
where devices.deleted_at is null and ($2::uuid is null or devices.owner_id = $2)
order by devices.id
limit $1
