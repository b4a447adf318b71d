-- The booking that stands at a seat beside another one, the latest if there are several. VOLATILE,
-- so that it sees what those did for whose locks the statement that calls it has waited.
CREATE FUNCTION seats_last_booked(event integer, seat text, but_for uuid)
RETURNS TABLE (attempt_id uuid, customer_id text, created_at timestamptz) LANGUAGE sql VOLATILE
AS $$
    SELECT attempt_id, customer_id, created_at FROM bookings
    WHERE event_id = event AND seat_number = seat AND status = 'confirmed' AND attempt_id <> but_for
    ORDER BY id DESC LIMIT 1
$$;
