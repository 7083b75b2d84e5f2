-- Until the transaction ends; no row where another has it.
select true as locked from dead_letter_actions where id = $1 for no key update skip locked
