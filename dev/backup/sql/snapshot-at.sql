-- The first statement of its transaction: from here on it sees what was committed before.
select now() as at, current_setting('server_version') as server
