// A customer books a seat: it sends the request, checks that the lab documents such an answer, and
// counts the outcome.

import { check, sleep } from 'k6';
import { Counter, Trend } from 'k6/metrics';

import * as api from './api.js';

// The possible answers to a booking: the HTTP status, and the `code` with the reason. Any other
// answer fails the run, also `database_unavailable` and the like, which no booking can cause.
const KNOWN = {
  201: [undefined],
  409: ['seat_taken', 'sold_out', 'refused', 'busy', 'conflict', 'reset'],
  503: ['lock_timeout', 'pool_timeout', 'timeout', 'outcome_unknown', 'overloaded'],
};

/** The outcomes of a booking; `turned away`: too many others already waited in the worker. */
export const OUTCOMES = ['confirmed', 'refused', 'conflict', 'timeout', 'unknown', 'turned away'];

export const metricOf = (outcome) => `bookings_${outcome.replace(' ', '_')}`;

// VUs share no memory. Only what they add to a metric is collected at the end.
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

/** One of the five best free seats; if there is none, any seat: one may have been cancelled. */
export function pickInFront(lab) {
  const free = api.freeSeats();
  return pick(free.length > 0 ? free.slice(0, 5) : lab.seats);
}

/** Any of these seats. */
export function pick(seats) {
  return seats[Math.floor(Math.random() * seats.length)];
}

/** Sleep until a time in milliseconds, so that all VUs that do so continue together. */
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
