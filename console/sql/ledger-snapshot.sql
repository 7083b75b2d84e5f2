-- What the statements after it say is of one moment: frames come in meanwhile.
set transaction isolation level repeatable read, read only
