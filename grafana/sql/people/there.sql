-- Whoever comes at that very moment is there.
select occupancy_before($__timeTo()::timestamptz + interval '1 microsecond', array[$device]::text[], '') as people
