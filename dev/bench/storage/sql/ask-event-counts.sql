select hour, type, sum(count) as count from event_counts
where hour >= $1 and hour < $2
group by hour, type
order by hour, type
