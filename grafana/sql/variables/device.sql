select coalesce(nullif(name, ''), id) as __text, id as __value
from devices
where deleted_at is null and coalesce(site_id::text, 'none') = any(array[$site]::text[])
order by 1, 2
