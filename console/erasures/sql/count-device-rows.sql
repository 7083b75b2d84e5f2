select coalesce(sum(count_rows_of_device(name::regclass, $1)), 0)::bigint as device_rows from unnest($2::text[]) as name
