-- For one device, until the transaction ends, by the first of its versions, which stays; no row where another has it.
select true as locked
from config_versions
where device_id = $1 and version = (select min(version) from config_versions where device_id = $1)
for no key update skip locked
