select coalesce(max(partition) + 1, 0) as partitions from log.partitions
