-- The lab's own tables; each workload's tables stand beside its code.

-- One row: what every worker and every instance does from the next booking on.
CREATE TABLE IF NOT EXISTS lab (
    id            boolean PRIMARY KEY DEFAULT true CHECK (id),
    strategy      text    NOT NULL,
    options       jsonb   NOT NULL DEFAULT '{}',
    think_time_ms double precision NOT NULL CHECK (think_time_ms >= 0),
    epoch         bigint  NOT NULL DEFAULT 1,  -- counts switches
    generation    bigint  NOT NULL DEFAULT 1   -- counts resets
);

-- Fails with a code of the lab's own unless no switch and no reset has been since.
CREATE OR REPLACE FUNCTION expect_selection(expected_epoch bigint, expected_generation bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM lab WHERE epoch = expected_epoch AND generation = expected_generation
    ) THEN
        RAISE 'the lab was switched or reset' USING ERRCODE = 'LB001';
    END IF;
END $$;

-- One row a booking, however it ended. A confirmed one is written in the booking's own transaction.
CREATE TABLE IF NOT EXISTS attempts (
    id          uuid PRIMARY KEY,
    workload    text NOT NULL,
    scope       text NOT NULL,
    subject     text NOT NULL,
    action      text NOT NULL,            -- book, move or cancel
    customer_id text NOT NULL,
    strategy    text NOT NULL,
    options     jsonb NOT NULL,
    epoch       bigint NOT NULL,
    generation  bigint NOT NULL,
    outcome     text NOT NULL,            -- what happened
    answered    text,                     -- what the customer was told; null: not told (yet)
    code        text NOT NULL,
    tries       integer NOT NULL,
    waited_ms   double precision NOT NULL,
    held_ms     double precision NOT NULL,
    total_ms    double precision,         -- null until the answer has been given
    worker      text NOT NULL,
    trace_id    text NOT NULL,
    started_at  timestamptz NOT NULL,
    txid        xid8 NOT NULL DEFAULT pg_current_xact_id(),  -- the transaction that wrote it
    -- Of a move or a cancellation:
    booking     uuid,                     -- which booking is changed
    rests_on    uuid,                     -- the attempt that made it what it was before
    asked       jsonb                     -- what it holds from then on; null: nothing
);

-- A database of an earlier version lacks what moves and cancellations have.
DO $$ BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_attribute WHERE attrelid = 'attempts'::regclass AND attname = 'rests_on'
    ) THEN
        ALTER TABLE attempts ADD COLUMN booking uuid, ADD COLUMN rests_on uuid,
            ADD COLUMN asked jsonb;
    END IF;
END $$;

-- Two changes of a booking that rest on the same can't both stand, whatever writes them.
CREATE UNIQUE INDEX IF NOT EXISTS attempts_rest_on ON attempts (rests_on)
    WHERE rests_on IS NOT NULL AND outcome = 'confirmed';
CREATE INDEX IF NOT EXISTS attempts_changes ON attempts (workload, scope)
    WHERE booking IS NOT NULL;

-- Whether a booking holds of a field what its customer was told. Moments may be written in any zone;
-- of values of different types, nobody can say.
CREATE OR REPLACE FUNCTION holds_as_told(told jsonb, held jsonb)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN jsonb_typeof(told) <> jsonb_typeof(held) THEN true
        WHEN told #>> '{}' ~ moment AND held #>> '{}' ~ moment
            THEN (told #>> '{}')::timestamptz = (held #>> '{}')::timestamptz
        ELSE told @> held AND held @> told END
    FROM (SELECT '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$' AS moment)
        AS written
$$;

-- When each scope was last reset: what began before must not show up after.
CREATE TABLE IF NOT EXISTS resets (
    workload   text NOT NULL,
    scope      text NOT NULL,
    generation bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (workload, scope)
);

-- Fencing tokens: each higher than all before, for as long as the database lives.
CREATE SEQUENCE IF NOT EXISTS fencing_tokens;

-- The workers that are alive, and the last switch that each has seen through.
CREATE TABLE IF NOT EXISTS workers (
    worker        text PRIMARY KEY,
    process_id    integer NOT NULL,
    drained_epoch bigint NOT NULL,
    flushed       bigint NOT NULL DEFAULT 0  -- it has written all that came before this number
);

-- The numbers that readers of the ledger draw.
CREATE SEQUENCE IF NOT EXISTS flushes;

-- What tables of an earlier version lack. Looked for first: ALTER locks out everybody for a moment.
DO $$ BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_attribute WHERE attrelid = 'workers'::regclass AND attname = 'flushed'
    ) THEN
        ALTER TABLE workers ADD COLUMN flushed bigint NOT NULL DEFAULT 0;
    END IF;
    IF NOT EXISTS (
        SELECT FROM pg_attribute WHERE attrelid = 'attempts'::regclass AND attname = 'txid'
    ) THEN
        -- A constant at first, so that no row is written anew.
        ALTER TABLE attempts ADD COLUMN txid xid8 NOT NULL DEFAULT '0';
        ALTER TABLE attempts ALTER COLUMN txid SET DEFAULT pg_current_xact_id();
    END IF;
    IF to_regclass('attempts_order') IS NULL THEN
        CREATE INDEX attempts_order ON attempts (txid, started_at, id);
    END IF;
    IF to_regclass('attempts_confirmed') IS NULL THEN
        CREATE INDEX attempts_confirmed ON attempts (workload, scope, started_at)
            WHERE outcome = 'confirmed';
    END IF;
    IF to_regclass('attempts_told') IS NULL THEN
        -- Nothing, as long as nobody was told what isn't so.
        CREATE INDEX attempts_told ON attempts (workload, scope)
            WHERE answered = 'confirmed' AND outcome <> 'confirmed';
    END IF;
END $$;

-- Which scopes there are differs by workload, and how bookings end by scope.
CREATE STATISTICS IF NOT EXISTS attempts_scopes (dependencies, mcv)
    ON workload, scope, outcome, action FROM attempts;

-- What is written no more has been added up here, so that nobody has to read all of the ledger. A
-- time goes into one of the buckets that `tally_bucket` makes; a count has bucket 0.
CREATE TABLE IF NOT EXISTS tallies (
    workload text    NOT NULL,
    scope    text    NOT NULL,
    strategy text    NOT NULL,
    figure   text    NOT NULL,
    bucket   integer NOT NULL,
    n        bigint  NOT NULL,
    PRIMARY KEY (workload, scope, strategy, figure, bucket)
);

-- What was ever seen to be promised more often than it is there, once for each reset's time.
CREATE TABLE IF NOT EXISTS violations_seen (
    workload   text   NOT NULL,
    scope      text   NOT NULL,
    subject    text   NOT NULL,
    first      text   NOT NULL,  -- the first booking that has its part in it
    generation bigint NOT NULL,
    PRIMARY KEY (workload, scope, subject, first, generation)
);

-- How far the ledger, in the order in which its rows can be seen, has been added up and pruned.
CREATE TABLE IF NOT EXISTS ledger_marks (
    done       text PRIMARY KEY,
    txid       xid8        NOT NULL DEFAULT '0',
    started_at timestamptz NOT NULL DEFAULT '-infinity',
    id         uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'
);
INSERT INTO ledger_marks (done) VALUES ('tallied'), ('pruned') ON CONFLICT DO NOTHING;

-- The bucket of a time: each ends two per cent later than the one before. Null for no time.
CREATE OR REPLACE FUNCTION tally_bucket(milliseconds double precision)
RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ceil(ln(greatest(milliseconds, 0.001)) / ln(1.02::double precision))::integer;
