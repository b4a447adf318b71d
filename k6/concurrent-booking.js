// The crowd of lesson 2, under a name of its own:
//
//   docker compose run --rm lab36-k6 run /scripts/concurrent-booking.js
//
// It books under the current strategy of the lab, and begins with all seats free. Look at: `curl
// localhost:8000/admin/double-bookings` afterwards, or at 02_many_seats.js.

export { default, handleSummary, options, setup, teardown } from './02_many_seats.js';
