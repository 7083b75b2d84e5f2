-- Until the transaction ends; no row where another has it. Who writes may refer to it meanwhile.
select true as locked from erasures where id = $1 for no key update skip locked
