select recorded_at, topic, device_id, state, code, message, attempts
from dead_letters
where $__timeFilter(recorded_at)
order by recorded_at desc, id
limit 50
