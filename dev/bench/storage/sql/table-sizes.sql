-- With indexes, and of hypertables with all of their chunks.
select table_name as name, bytes from table_sizes()
where schema_name = 'public' and table_name in ('events', 'visits', 'occupancy_changes', 'event_counts')
