select count(*) as people
from (
  select distinct person_id from visits where $__timeFilter(opened_at) and device_id = any(array[$device]::text[])
) as different
