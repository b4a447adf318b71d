-- A confirmed booking's row is written twice: with the booking, and again when the customer has been
-- told. The second time, it stays on its page and costs no index, if there is room, and if no index
-- looks at what has changed. Which customers were told what isn't so is a column of its own for that:
-- in the rows of nearly all bookings, it never changes.
ALTER TABLE attempts SET (fillfactor = 70);
DROP INDEX attempts_told;
ALTER TABLE attempts ADD COLUMN told_wrongly boolean NOT NULL
    GENERATED ALWAYS AS (coalesce(answered = 'confirmed' AND outcome <> 'confirmed', false)) STORED;
-- Nothing, as long as nobody was told what isn't so.
CREATE INDEX attempts_told ON attempts (workload, scope) WHERE told_wrongly;
