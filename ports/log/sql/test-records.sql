select topic, key from log.records
union all
select topic, key from log.changelog
order by topic, key
