select hour, sum(visits) as visits, sum(dwell_ms) / nullif(sum(closed), 0) as mean_dwell_ms
from visits_hourly
where hour >= $1 and hour < $2
group by hour
order by hour
