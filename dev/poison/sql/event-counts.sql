select key, count
from (select concat_ws(' ', device_id, type, extract(epoch from hour)) as key, count from event_counts) as counted
where key collate "C" > $1
order by key collate "C"
limit $2
