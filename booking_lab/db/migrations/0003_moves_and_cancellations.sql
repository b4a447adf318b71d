-- The ledger says of moves and cancellations what they change.
ALTER TABLE attempts
    ADD COLUMN booking  uuid,  -- which booking is changed
    ADD COLUMN rests_on uuid,  -- the attempt that made it what it was before
    ADD COLUMN asked    jsonb; -- what it holds from then on; null: nothing

-- Two changes of a booking that rest on the same can't both stand, whatever writes them.
CREATE UNIQUE INDEX attempts_rest_on ON attempts (rests_on)
    WHERE rests_on IS NOT NULL AND outcome = 'confirmed';
CREATE INDEX attempts_changes ON attempts (workload, scope) WHERE booking IS NOT NULL;

-- Whether a booking holds of a field what its customer was told. Moments may be written in any zone;
-- of values of different types, nobody can say.
CREATE FUNCTION holds_as_told(told jsonb, held jsonb)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN jsonb_typeof(told) <> jsonb_typeof(held) THEN true
        WHEN told #>> '{}' ~ moment AND held #>> '{}' ~ moment
            THEN (told #>> '{}')::timestamptz = (held #>> '{}')::timestamptz
        ELSE told @> held AND held @> told END
    FROM (SELECT '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$' AS moment)
        AS written
$$;
