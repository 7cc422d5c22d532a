-- How often something secret was guessed wrong, by whom or for what, and until when the next guess has to wait.
--
-- In Postgres and not in Redis: a guesser must not win by the loss of a cache, nor by asking another process.
create table failed_attempts (
    -- The SHA-256 of what is guarded or who guesses: an account, an address, a meeting's passcode.
    subject bytea primary key,
    failures integer not null,
    failed_at timestamptz not null,
    blocked_until timestamptz not null
);

create index failed_attempts_failed_at_idx on failed_attempts (failed_at);
