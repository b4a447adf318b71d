// The crowd of lesson 2 under the name that the exercises call it by:
//
//   docker compose run --rm lab36-k6 run /scripts/concurrent-booking.js
//
// It books under the strategy that the lab has now, and begins with all seats free.
// Look at: `curl localhost:8000/admin/double-bookings` afterwards, or at 02_many_seats.js.

export { default, handleSummary, options, setup, teardown } from './02_many_seats.js';
