-- With the letters that are open now, the oldest first: so a device's frames come again in their order.
with action as (
  insert into dead_letter_actions (id, kind, created_at, user_id, username, fleet_id, options)
  values ($9, $10, $11, $12, $13, $7, $14)
  returning id
), chosen as (
  insert into dead_letter_action_letters (action_id, position, dead_letter_id)
  select action.id, row_number() over (order by recorded_at, partition, "offset", dead_letters.id), dead_letters.id
  from dead_letters, action
  where ($1::text is null or device_id = $1)
    and ($2::text is null or code = $2)
    and ($3::text is null or topic = $3)
    and dead_letters.state = $4::text
    and ($5::timestamptz is null or recorded_at >= $5)
    and ($6::timestamptz is null or recorded_at <= $6)
    and ($7::uuid is null or device_id = any(array(select id from devices where owner_id = $7)))
    and ($8::boolean or device_id is not null)
  returning position
)
select count(*) as total from chosen
