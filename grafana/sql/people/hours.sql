-- Where the device stands; an hour there that is not a full one in UTC belongs to the one in which it began.
with local as (
  select
    extract(isodow from hour at time zone coalesce(sites.time_zone, 'UTC'))::integer as day,
    extract(hour from hour at time zone coalesce(sites.time_zone, 'UTC'))::integer as local_hour,
    visits
  from visits_hourly
  left join devices on devices.id = visits_hourly.device_id
  left join sites on sites.id = devices.site_id
  where hour between date_trunc('hour', $__timeFrom()::timestamptz, 'UTC') and $__timeTo()
    and visits_hourly.device_id = any(array[$device]::text[])
)
select
  (array['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'])[day] as day,
  sum(visits) filter (where local_hour = 0) as "00",
  sum(visits) filter (where local_hour = 1) as "01",
  sum(visits) filter (where local_hour = 2) as "02",
  sum(visits) filter (where local_hour = 3) as "03",
  sum(visits) filter (where local_hour = 4) as "04",
  sum(visits) filter (where local_hour = 5) as "05",
  sum(visits) filter (where local_hour = 6) as "06",
  sum(visits) filter (where local_hour = 7) as "07",
  sum(visits) filter (where local_hour = 8) as "08",
  sum(visits) filter (where local_hour = 9) as "09",
  sum(visits) filter (where local_hour = 10) as "10",
  sum(visits) filter (where local_hour = 11) as "11",
  sum(visits) filter (where local_hour = 12) as "12",
  sum(visits) filter (where local_hour = 13) as "13",
  sum(visits) filter (where local_hour = 14) as "14",
  sum(visits) filter (where local_hour = 15) as "15",
  sum(visits) filter (where local_hour = 16) as "16",
  sum(visits) filter (where local_hour = 17) as "17",
  sum(visits) filter (where local_hour = 18) as "18",
  sum(visits) filter (where local_hour = 19) as "19",
  sum(visits) filter (where local_hour = 20) as "20",
  sum(visits) filter (where local_hour = 21) as "21",
  sum(visits) filter (where local_hour = 22) as "22",
  sum(visits) filter (where local_hour = 23) as "23"
from local
group by local.day
order by local.day
