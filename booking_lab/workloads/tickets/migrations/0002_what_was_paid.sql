-- What was paid stands, each ticket at the price of its time, and the price of one follows from it.
-- Up to version 0.1.0 it was the other way round.
ALTER TABLE ticket_bookings ALTER COLUMN total_amount DROP EXPRESSION;
ALTER TABLE ticket_bookings
    ALTER COLUMN total_amount SET NOT NULL,
    DROP COLUMN unit_price,
    ADD COLUMN unit_price numeric(10,2)
        GENERATED ALWAYS AS (round(total_amount / quantity, 2)) STORED;
