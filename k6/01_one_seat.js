// Lesson 1: one seat, many customers.
//
// Everybody wants the same seat at the same moment. Each booking looks whether the seat is free,
// thinks for a while, and writes. Under `none` all who looked before the first one wrote get it.
//
//   make load SCRIPT=01_one_seat STRATEGY=none
//   make load SCRIPT=01_one_seat STRATEGY=pessimistic
//
// Look at: how many are confirmed, and what the others are told. `pessimistic` lets them wait in
// line (p99 grows with CUSTOMERS), `optimistic` lets them try again, `distributed` lets them ask
// Redis over and over. Then let CUSTOMERS=1 come: nobody collides, even `none` does nothing wrong,
// and the verdict is "inconclusive", since that shows nothing.
//
// To set: STRATEGY, OPTIONS, THINK_TIME_MS, CUSTOMERS (20), EXPECT (a verdict).

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
