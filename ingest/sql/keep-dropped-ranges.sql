-- Adds ranges to those of an epoch, each of which stays what it is, or becomes one with what it meets.
with declared as (
  select range_agg(int8range(declared.from_seq, declared.to_seq, '[]')) as seqs
  from unnest($3::bigint[], $4::bigint[]) as declared (from_seq, to_seq)
  left join lateral (
    select from_seq from dropped_ranges
    where device_id = $1 and epoch = $2 and to_seq >= declared.to_seq
    order by to_seq
    limit 1
  ) as known on true
  -- Most are known already: devices go on telling them until they are answered.
  where known.from_seq is null or known.from_seq > declared.from_seq
),
met as (
  delete from dropped_ranges
  using declared
  where device_id = $1 and epoch = $2
    and to_seq >= lower(declared.seqs) - 1
    and from_seq <= upper(declared.seqs)
    and int8range(from_seq - 1, to_seq + 1, '[]') && declared.seqs
  returning int8range(from_seq, to_seq, '[]') as seqs
),
merged as (
  select unnest(range_agg(seqs)) as seqs
  from (select unnest(seqs) as seqs from declared union all select seqs from met) as each
)
insert into dropped_ranges (device_id, epoch, from_seq, to_seq)
select $1, $2, lower(seqs), upper(seqs) - 1 from merged
