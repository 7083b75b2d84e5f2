-- By how many rows there are, and by a sum that differs if any value of any row does.
select 'events' as name, count(*) as rows, sum(hashtextextended(events::text, 0))::text as digest from events
union all
select 'visits', count(*), sum(hashtextextended(visits::text, 0))::text from visits
union all
select 'occupancy_changes', count(*), sum(hashtextextended(occupancy_changes::text, 0))::text from occupancy_changes
union all
select 'event_counts', count(*), sum(hashtextextended(event_counts::text, 0))::text from event_counts
