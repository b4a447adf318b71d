-- A day on which clocks go back is an hour longer.
ALTER TABLE slot_reservations DROP CONSTRAINT slot_reservations_during_check,
    ADD CONSTRAINT slot_reservations_during_fits
    CHECK (lower_inc(during) AND NOT upper_inc(during) AND NOT upper_inf(during)  -- nor empty
           AND upper(during) - lower(during) <= interval '25 hours');
