insert into audit_log (at, user_id, username, action, subject, device_id, details)
values ($1, $2, $3, $4, $5, $6, $7)
