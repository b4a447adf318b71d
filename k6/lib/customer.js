// A customer books a seat: sends the order, checks that the answer is one that the lab documents,
// and counts how it ended.

import { check, sleep } from 'k6';
import { Counter, Trend } from 'k6/metrics';

import * as api from './api.js';

// What a booking may be answered with: the HTTP status, and the `code` that says why. Any other
// answer fails the run, also `database_unavailable` and its like, for these are no booking's fault.
const KNOWN = {
  201: [undefined],
  409: ['seat_taken', 'sold_out', 'refused', 'busy', 'conflict', 'reset'],
  503: ['lock_timeout', 'pool_timeout', 'timeout', 'outcome_unknown', 'overloaded'],
};

/** How a booking can end; `turned away`: the worker had too many waiting already. */
export const OUTCOMES = ['confirmed', 'refused', 'conflict', 'timeout', 'unknown', 'turned away'];

export const metricOf = (outcome) => `bookings_${outcome.replace(' ', '_')}`;

// VUs share no memory; what they add to a metric is all that comes together in the end.
const ended = Object.fromEntries(OUTCOMES.map((name) => [name, new Counter(metricOf(name))]));
const odd = new Counter('bookings_error');
const retries = new Counter('bookings_retries');
const duration = new Trend('booking_duration', true);

/** Book `seat`; `strategy` is the one that the lab must have booked under. */
export function book(seat, customer, strategy, more = {}) {
  const response = api.book(seat, customer, more);
  const answer = parsed(response.body);
  const known = (KNOWN[response.status] || []).includes(answer.code);
  check(response, { 'the answer is one that the lab documents': () => known });
  if (answer.strategy) {
    // In a lab that keeps its strategy in one process, a switch misses the other workers.
    check(answer, { 'the strategy is the one that was set': () => answer.strategy === strategy });
  }
  if (!known) console.error(`${seat}: ${response.status} ${response.error || response.body}`);
  const outcome = answer.code === 'overloaded' ? 'turned away' : answer.outcome;
  ((known && ended[outcome]) || odd).add(1);
  retries.add((answer.tries || 1) - 1);
  duration.add(response.timings.duration);
  return outcome;
}

/** One of the five best free seats; once all are gone, any: somebody may have cancelled. */
export function pickInFront(lab) {
  const free = api.freeSeats();
  return pick(free.length > 0 ? free.slice(0, 5) : lab.seats);
}

/** Any of these seats. */
export function pick(seats) {
  return seats[Math.floor(Math.random() * seats.length)];
}

/** Sleep until a moment in milliseconds, so that all who do so go on together. */
export function sleepUntil(moment) {
  sleep(Math.max(0, moment - Date.now()) / 1000);
}

function parsed(body) {
  try {
    return JSON.parse(body);
  } catch (error) {
    return {}; // no answer of the lab's at all, which KNOWN doesn't know
  }
}
