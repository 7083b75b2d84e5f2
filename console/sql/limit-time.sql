-- Statements of this transaction take no longer than so many milliseconds.
select set_config('statement_timeout', $1::text, true)
