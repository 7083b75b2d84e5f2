-- Offsets mean something in one log only. Where a topic was made anew, or is another Kafka's, all of its records are
-- younger than those that a place was kept for; by the newest of these it is noticed.
alter table consumer_offsets add column newest_appended_at timestamptz;
