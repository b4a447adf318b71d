-- The lab's own tables, as version 0.1.0 had them; each workload's tables stand beside its code.

-- One row: what every worker and every instance does from the next booking on.
CREATE TABLE lab (
    id            boolean PRIMARY KEY DEFAULT true CHECK (id),
    strategy      text    NOT NULL,
    options       jsonb   NOT NULL DEFAULT '{}',
    think_time_ms double precision NOT NULL CHECK (think_time_ms >= 0),
    epoch         bigint  NOT NULL DEFAULT 1,  -- counts switches
    generation    bigint  NOT NULL DEFAULT 1   -- counts resets
);

-- Fails with a code of the lab's own unless no switch and no reset has been since.
CREATE FUNCTION expect_selection(expected_epoch bigint, expected_generation bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM lab WHERE epoch = expected_epoch AND generation = expected_generation
    ) THEN
        RAISE 'the lab was switched or reset' USING ERRCODE = 'LB001';
    END IF;
END $$;

-- One row a booking, however it ended. A confirmed one is written in the booking's own transaction.
CREATE TABLE attempts (
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
    started_at  timestamptz NOT NULL
);

-- When each scope was last reset: what began before must not show up after.
CREATE TABLE resets (
    workload   text NOT NULL,
    scope      text NOT NULL,
    generation bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (workload, scope)
);

-- Fencing tokens: each higher than all before, for as long as the database lives.
CREATE SEQUENCE fencing_tokens;

-- The workers that are alive, and the last switch that each has seen through.
CREATE TABLE workers (
    worker        text PRIMARY KEY,
    process_id    integer NOT NULL,
    drained_epoch bigint NOT NULL
);
