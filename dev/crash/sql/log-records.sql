select topic, value from log.records where topic in ('observations', 'events') order by topic, partition, "offset"
