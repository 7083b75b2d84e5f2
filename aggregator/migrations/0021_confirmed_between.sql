-- How many seqs of a device's epoch are confirmed from one to another, both of them too: bits in blocks of 4,096.
create function confirmed_between(device text, of_epoch integer, from_seq bigint, to_seq bigint) returns bigint
language sql stable
as $$
  select coalesce(sum(bit_count(bits & (
    repeat('0', at.first) || repeat('1', at.last - at.first + 1) || repeat('0', 4095 - at.last)
  )::bit(4096))), 0)::bigint
  from seq_blocks
  cross join lateral (
    select
      greatest(from_seq - block * 4096, 0)::integer as first,
      least(to_seq - block * 4096, 4095)::integer as last
  ) as at
  where device_id = device and epoch = of_epoch and block between from_seq / 4096 and to_seq / 4096
$$;
