-- Claims go when their time is over; what the ledger knows of confirmed frames stays.
select exists (select from seq_blocks) as known
