vacuum (analyze) events, visits, occupancy_changes, event_counts, captures
