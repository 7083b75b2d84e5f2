copy event_counts from stdin
