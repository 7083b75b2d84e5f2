with device as (
  insert into devices (id, created_at, last_seen_at, next_upload_seq) values ($1, $2, $2, $3) returning id
)
insert into seq_blocks (device_id, epoch, block, bits)
select device.id, 0, seq / 4096, bit_or(set_bit(repeat('0', 4096)::bit(4096), seq % 4096, 1))
from device, unnest($4::integer[]) as seq
group by device.id, seq / 4096
