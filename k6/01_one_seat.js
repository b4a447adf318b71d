// Lesson 1: one seat, many customers.
//
// All customers want the same seat at the same moment. Each booking checks whether the seat is
// free, thinks for a while, and writes. Under `none`, every booking that checked before the first
// one wrote gets the seat.
//
//   make load SCRIPT=01_one_seat STRATEGY=none
//   make load SCRIPT=01_one_seat STRATEGY=pessimistic
//
// Look at: how many bookings are confirmed, and what the others are told. Under `pessimistic`, they
// wait in line (p99 grows with CUSTOMERS); under `optimistic`, they try again; under `distributed`,
// they ask Redis again and again. Then set CUSTOMERS=1: nobody collides, even `none` does nothing
// wrong, and the verdict is "inconclusive", because such a run shows nothing.
//
// Variables: STRATEGY, OPTIONS, THINK_TIME_MS, CUSTOMERS (20), EXPECT (a verdict).

import exec from 'k6/execution';

import { book, sleepUntil } from './lib/customer.js';
import * as lesson from './lib/lesson.js';
import { report } from './lib/report.js';
import { number } from './lib/settings.js';

const CUSTOMERS = number('CUSTOMERS', 20);

export const options = lesson.options({
  crowd: { executor: 'per-vu-iterations', vus: CUSTOMERS, iterations: 1 },
});

export const setup = lesson.prepare;

export default function (lab) {
  sleepUntil(lab.begin);
  book(lab.seats[0], `customer_${exec.vu.idInTest}`, lab.strategy);
}

export const teardown = lesson.conclude;

export function handleSummary(data) {
  return report(`One seat, ${CUSTOMERS} customers`, data);
}
