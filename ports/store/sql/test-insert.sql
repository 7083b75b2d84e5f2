insert into notes (note) values ($1) returning note
