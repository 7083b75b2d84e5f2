-- Of these devices ($1; null for all) and types ($2): the first from $3 to $4, and the last from $5 to $6.
select
  to_char(
    (
      select min(occurred_at) from events
      where ($1::text[] is null or device_id = any($1)) and ($2::text[] is null or type = any($2))
        and occurred_at >= $3::timestamptz and occurred_at < $4::timestamptz
    ) at time zone 'UTC',
    'YYYY-MM-DD"T"HH24:MI:SS.US'
  ) as first_at,
  to_char(
    (
      select max(occurred_at) from events
      where ($1::text[] is null or device_id = any($1)) and ($2::text[] is null or type = any($2))
        and occurred_at >= $5::timestamptz and occurred_at < $6::timestamptz
    ) at time zone 'UTC',
    'YYYY-MM-DD"T"HH24:MI:SS.US'
  ) as last_at
