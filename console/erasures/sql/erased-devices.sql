select distinct device_id from erasure_list order by device_id
