-- Most blocks are whole, and their bits need not be told.
select seq_blocks.epoch, block, case when bit_count(bits) < 4096 then bits::text end as bits
from unnest($2::integer[], $3::bigint[], $4::bigint[]) as wanted (epoch, from_seq, to_seq)
join seq_blocks on device_id = $1
  and seq_blocks.epoch = wanted.epoch
  and block between wanted.from_seq / 4096 and wanted.to_seq / 4096
order by seq_blocks.epoch, block
