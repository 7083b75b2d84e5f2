-- Where the database that was restored is older than the device: nobody is to get its id.
insert into devices (id, created_at) values ($1, $2) on conflict (id) do nothing
