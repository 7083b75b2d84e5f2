-- Which of those that are about to be written were erased; what an event may have no time for is settled here too.
select place, erasure_id, reach
from find_erased(
  $1::text[],
  array(
    select case
      when type is null then tstzrange(from_at, greatest(from_at, ended_at), '[]')
      else event_span(type, from_at, ended_at, stay_ms)
    end
    from unnest($2::text[], $3::timestamptz[], $4::timestamptz[], $5::numeric[])
      with ordinality as written (type, from_at, ended_at, stay_ms, place)
    order by place
  ),
  $6::text[],
  $7::boolean[]
)
order by place
