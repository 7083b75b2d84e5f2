-- Not to be deleted before it is referred to.
select id from sites where id = $1 and owner_id = $2 for key share
