-- Whose frames are expected, and so are to add up.
select id from devices where activated_at is not null and revoked_at is null and deleted_at is null order by id
