create table notes (note text not null unique)
