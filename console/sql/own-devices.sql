-- Those of an owner; of these ($2) only, if they are said.
select array(
  select id from devices where owner_id = $1 and ($2::text[] is null or id = any($2)) order by id
) as ids
