with confirming as (
  select * from unnest($1::text[], $2::bigint[], $3::bytea[]) as confirming (device_id, stated_ms, digest)
),
confirmed as (
  update upload_claims set confirmed = true
  from confirming
  where upload_claims.device_id = confirming.device_id
    and upload_claims.stated_ms = confirming.stated_ms
    and upload_claims.digest = confirming.digest
  returning upload_claims.device_id, upload_claims.seq
)
insert into seq_blocks (device_id, epoch, block, bits)
select device_id, $4::integer, seq / 4096, bit_or(set_bit(repeat('0', 4096)::bit(4096), (seq % 4096)::integer, 1))
from confirmed
group by device_id, seq / 4096
-- In the order in which claims lock devices, whatever the database's own: two processes must not wait crosswise.
order by device_id collate "C", seq / 4096
on conflict (device_id, epoch, block) do update set bits = seq_blocks.bits | excluded.bits
