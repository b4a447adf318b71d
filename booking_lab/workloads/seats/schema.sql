-- Numbered seats of an event.

CREATE TABLE IF NOT EXISTS events (
    id          integer PRIMARY KEY,
    name        text NOT NULL,
    venue       text NOT NULL,
    event_date  timestamptz NOT NULL,
    total_seats integer NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS seats (
    id          integer GENERATED ALWAYS AS IDENTITY UNIQUE,
    event_id    integer NOT NULL REFERENCES events,
    seat_number text    NOT NULL,
    section     text    NOT NULL,
    row_name    text    NOT NULL,
    is_booked   boolean NOT NULL DEFAULT false,
    booked_by   text,
    holder      uuid,                        -- the booking that holds it
    booked_at   timestamptz,
    version     bigint  NOT NULL DEFAULT 1,  -- moves with every write, whatever the strategy
    fence       bigint  NOT NULL DEFAULT 0,  -- the highest fencing token that was here
    generation  bigint  NOT NULL DEFAULT 1,  -- the reset that this seat's state comes from
    booked      integer NOT NULL DEFAULT 0,  -- how many bookings have got it
    guarded     boolean NOT NULL DEFAULT false,
    PRIMARY KEY (event_id, seat_number),
    -- The lab is there to see what happens without a constraint. A booking that asks for it (guarded)
    -- has its seats for itself, whoever comes before or after; others may meet there.
    CONSTRAINT seats_guarded CHECK (booked <= 1 OR NOT guarded),
    CHECK (is_booked = (booked_by IS NOT NULL) AND is_booked = (holder IS NOT NULL))
) WITH (fillfactor = 50);  -- room for new row versions on the same page

-- One row for each seat of a booking. No unique key on the seat: rows that don't ask for it would
-- be held to it as well.
CREATE TABLE IF NOT EXISTS bookings (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    attempt_id  uuid    NOT NULL,
    event_id    integer NOT NULL,
    seat_number text    NOT NULL,
    basket      text[]  NOT NULL,                      -- all seats of the booking, in order
    customer_id text    NOT NULL,
    status      text    NOT NULL DEFAULT 'confirmed',  -- then: cancelled; or moved: its seat
                                                       -- was given up, the booking has others
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    FOREIGN KEY (event_id, seat_number) REFERENCES seats
);
CREATE UNIQUE INDEX IF NOT EXISTS bookings_once
    ON bookings (attempt_id, seat_number) WHERE status = 'confirmed';
CREATE INDEX IF NOT EXISTS bookings_seat ON bookings (event_id, seat_number);
CREATE INDEX IF NOT EXISTS bookings_latest ON bookings (created_at, attempt_id);
-- What is asked for by scope is a text.
CREATE STATISTICS IF NOT EXISTS bookings_scope ON (event_id::text) FROM bookings;

-- The booking that stands at a seat beside another one, the latest if there are several. VOLATILE,
-- so that it sees what those did for whose locks the statement that calls it has waited.
CREATE OR REPLACE FUNCTION seats_last_booked(event integer, seat text, but_for uuid)
RETURNS TABLE (attempt_id uuid, customer_id text, created_at timestamptz) LANGUAGE sql VOLATILE
AS $$
    SELECT attempt_id, customer_id, created_at FROM bookings
    WHERE event_id = event AND seat_number = seat AND status = 'confirmed' AND attempt_id <> but_for
    ORDER BY id DESC LIMIT 1
$$;

-- A database of an earlier version counts no bookings.
DO $$ BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_attribute WHERE attrelid = 'seats'::regclass AND attname = 'booked'
    ) THEN
        DROP INDEX IF EXISTS bookings_guarded;
        ALTER TABLE bookings DROP COLUMN guarded;
        ALTER TABLE seats ADD COLUMN booked integer NOT NULL DEFAULT 0,
            ADD COLUMN guarded boolean NOT NULL DEFAULT false,
            ADD CONSTRAINT seats_guarded CHECK (booked <= 1 OR NOT guarded);
        UPDATE seats SET booked = (
            SELECT count(*) FROM bookings WHERE bookings.event_id = seats.event_id
            AND bookings.seat_number = seats.seat_number AND status = 'confirmed');
    END IF;
END $$;

INSERT INTO events (id, name, venue, event_date, total_seats)
VALUES (1, 'Concurrency in Concert', 'The Critical Section', now() + interval '30 days', 100)
ON CONFLICT DO NOTHING;

INSERT INTO seats (event_id, seat_number, section, row_name)
SELECT 1, row_name || number,
       CASE WHEN row_name <= 'C' THEN 'VIP' WHEN row_name <= 'G' THEN 'Standard' ELSE 'Economy' END,
       row_name
FROM unnest(string_to_array('A,B,C,D,E,F,G,H,I,J', ',')) AS row_name, generate_series(1, 10) AS number
ON CONFLICT DO NOTHING;

INSERT INTO resets (workload, scope) SELECT 'seats', id::text FROM events ON CONFLICT DO NOTHING;
