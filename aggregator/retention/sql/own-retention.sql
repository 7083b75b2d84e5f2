-- Devices that have times of their own, also those that were deleted: what they have sent is there.
select id, retention from devices where retention <> '{}' order by id
