// Lesson 2: many seats, many customers.
//
// Every customer looks at the free seats, picks one at random and books it, again and again, until
// the event is sold out. With 100 seats for 25 customers, collisions seem unlikely, but they
// happen: the probability that two of 25 customers pick the same one of 100 seats is 96 % (the
// birthday paradox), and it rises as the seats run out.
//
//   make load SCRIPT=02_many_seats STRATEGY=none
//   make load SCRIPT=02_many_seats STRATEGY=optimistic
//
// Look at: `overlapping`, the bookings that met another booking of the same seat, beside the double
// bookings. With fewer CUSTOMERS, they meet less often. That makes the bug rare; it does not remove
// it.
//
// Variables: STRATEGY, OPTIONS, THINK_TIME_MS, CUSTOMERS (25), EXPECT (a verdict).

import { sleep } from 'k6';
import exec from 'k6/execution';

import { freeSeats } from './lib/api.js';
import { book, pick } from './lib/customer.js';
import * as lesson from './lib/lesson.js';
import { report } from './lib/report.js';
import { number } from './lib/settings.js';

const CUSTOMERS = number('CUSTOMERS', 25);

export const options = lesson.options({
  crowd: { executor: 'per-vu-iterations', vus: CUSTOMERS, iterations: 1, maxDuration: '60s' },
});

export const setup = lesson.prepare;

export default function (lab) {
  for (let free = lab.seats; free.length > 0; free = freeSeats()) {
    const outcome = book(pick(free), `customer_${exec.vu.idInTest}`, lab.strategy);
    if (!['confirmed', 'refused'].includes(outcome)) sleep(0.1); // it is busy: don't press
  }
}

export const teardown = lesson.conclude;

export function handleSummary(data) {
  return report(`Many seats, ${CUSTOMERS} customers`, data);
}
