-- What is written no more has been added up here, so that nobody has to read all of the ledger. A
-- time goes into one of the buckets that `tally_bucket` makes; a count has bucket 0.
CREATE TABLE tallies (
    workload text    NOT NULL,
    scope    text    NOT NULL,
    strategy text    NOT NULL,
    figure   text    NOT NULL,
    bucket   integer NOT NULL,
    n        bigint  NOT NULL,
    PRIMARY KEY (workload, scope, strategy, figure, bucket)
);

-- What was ever seen to be promised more often than it is there, once for each reset's time.
CREATE TABLE violations_seen (
    workload   text   NOT NULL,
    scope      text   NOT NULL,
    subject    text   NOT NULL,
    first      text   NOT NULL,  -- the first booking that has its part in it
    generation bigint NOT NULL,
    PRIMARY KEY (workload, scope, subject, first, generation)
);

-- How far the ledger, in the order in which its rows can be seen, has been added up and pruned.
CREATE TABLE ledger_marks (
    done       text PRIMARY KEY,
    txid       xid8        NOT NULL DEFAULT '0',
    started_at timestamptz NOT NULL DEFAULT '-infinity',
    id         uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'
);
INSERT INTO ledger_marks (done) VALUES ('tallied'), ('pruned');

-- The bucket of a time: each ends two per cent later than the one before. Null for no time.
CREATE FUNCTION tally_bucket(milliseconds double precision)
RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ceil(ln(greatest(milliseconds, 0.001)) / ln(1.02::double precision))::integer;
