select dropped_ranges.epoch, dropped_ranges.from_seq, dropped_ranges.to_seq
from unnest($2::integer[], $3::bigint[], $4::bigint[]) as wanted (epoch, from_seq, to_seq)
join dropped_ranges on device_id = $1
  and dropped_ranges.epoch = wanted.epoch
  and dropped_ranges.to_seq >= wanted.from_seq
  and dropped_ranges.from_seq <= wanted.to_seq
order by dropped_ranges.epoch, dropped_ranges.to_seq
