-- Tickets of an event, sold by quantity from one counter, as version 0.1.0 had them.

CREATE TABLE ticket_events (
    id                integer PRIMARY KEY,
    name              text NOT NULL,
    description       text NOT NULL,
    event_date        timestamptz NOT NULL,
    total_tickets     integer NOT NULL,
    on_sale           integer NOT NULL,       -- of these, what the lab has to sell; the rest is gone
    available_tickets integer NOT NULL,       -- of these, what is left
    ticket_price      numeric(10,2) NOT NULL,
    version           bigint  NOT NULL DEFAULT 1,  -- moves with every write, whatever the strategy
    fence             bigint  NOT NULL DEFAULT 0,  -- the highest fencing token that was here
    generation        bigint  NOT NULL DEFAULT 1,  -- the reset that the counter's state comes from
    guarded           boolean NOT NULL DEFAULT false,
    created_at        timestamptz NOT NULL DEFAULT now(),
    CHECK (on_sale BETWEEN 0 AND total_tickets),
    CHECK (ticket_price BETWEEN 0 AND 9999999.99),  -- so that ten of them fit into a total
    -- The lab is there to see what happens without this: it counts where a booking asked for it.
    CONSTRAINT ticket_events_guarded CHECK (available_tickets >= 0 OR NOT guarded)
) WITH (fillfactor = 50);  -- room for new row versions on the same page

CREATE TABLE ticket_bookings (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    attempt_id     uuid    NOT NULL UNIQUE,
    event_id       integer NOT NULL,  -- comes from the statement that found the event's row
    user_email     text    NOT NULL,
    quantity       integer NOT NULL CHECK (quantity > 0),  -- a cancelled one keeps what it had
    unit_price     numeric(10,2) NOT NULL,
    total_amount   numeric(10,2) GENERATED ALWAYS AS (quantity * unit_price) STORED,
    booking_status text    NOT NULL DEFAULT 'confirmed'
        CHECK (booking_status IN ('pending', 'confirmed', 'failed', 'cancelled')),
    created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ticket_bookings_event ON ticket_bookings (event_id);
CREATE INDEX ticket_bookings_latest ON ticket_bookings (created_at, attempt_id);

INSERT INTO ticket_events (
    id, name, description, event_date, total_tickets, on_sale, available_tickets, ticket_price)
VALUES
    (1, 'Taylor Swift Concert', 'The Eras Tour - Live in Concert',
     '2024-12-01 19:00:00+00', 1000, 10, 10, 299.99),
    (2, 'Ed Sheeran World Tour', 'Mathematics Tour - Live in Concert',
     '2024-11-15 20:00:00+00', 800, 10, 10, 199.99),
    (3, 'Coldplay Concert', 'Music of the Spheres World Tour',
     '2024-10-30 19:30:00+00', 1200, 10, 10, 249.99);

INSERT INTO resets (workload, scope) SELECT 'tickets', id::text FROM ticket_events;
