-- How frames that were passed over are gathered in rows follows from those in between; not so how many were told of.
select key, frames
from (
  select concat_ws(' ', device_id, lane) as key, sum(frames) as frames from observations group by device_id, lane
) as told
where key collate "C" > $1
order by key collate "C"
limit $2
