-- As whoever claims a frame does: until the transaction ends, nobody begins to claim one of this device.
select from devices where id = $1 for no key update
