// Lesson 5: the long run.
//
// Some faults happen once in ten thousand bookings, or only after an hour: a leaking connection, a
// table that grows, a lock that is left behind. They show when the same thing goes on for long. The
// event has only 100 seats, so it is sold again and again, in rounds: the crowd books and pauses;
// the auditor judges the round by the records of the lab, and frees the seats for the next round.
//
//   make load SCRIPT=05_soak STRATEGY=distributed DURATION=600
//   make load SCRIPT=05_soak STRATEGY=none
//
// Look at: `rounds`, each of them judged; whether p99 is the same after 10 minutes as after one
// (Grafana shows it over time); connections, memory and waiting bookings, which must not grow.
// Under a safe strategy, a single double booking in all that time fails the run.
//
// Variables: STRATEGY, OPTIONS, THINK_TIME_MS, DURATION (30, seconds), ROUND (5, seconds),
// CUSTOMERS (15), BOOKING_P99_MS (5000), EXPECT (a verdict, for every round).

import { sleep } from 'k6';
import exec from 'k6/execution';

import { reset } from './lib/api.js';
import { book, pickInFront, sleepUntil } from './lib/customer.js';
import * as lesson from './lib/lesson.js';
import { report } from './lib/report.js';
import { number } from './lib/settings.js';
import { judge, settle } from './lib/verdict.js';

const DURATION = number('DURATION', 30);
const ROUND = number('ROUND', 5);
const CUSTOMERS = number('CUSTOMERS', 15);
const BOOKING_P99_MS = number('BOOKING_P99_MS', 5000);

const PAUSE = 1.5; // seconds at the end of each round, in which nobody begins to book
const ROUNDS = Math.max(1, Math.round(DURATION / (ROUND + PAUSE)));

const rounds = {
  executor: 'per-vu-iterations',
  iterations: ROUNDS,
  maxDuration: `${DURATION + 60}s`,
};

export const options = lesson.options(
  {
    crowd: { ...rounds, exec: 'buy', vus: CUSTOMERS },
    auditor: { ...rounds, exec: 'audit', vus: 1 },
  },
  { booking_duration: [`p(99)<${BOOKING_P99_MS}`] },
);

export const setup = lesson.prepare;

export function buy(lab) {
  const begin = beginOf(exec.vu.iterationInScenario, lab);
  sleepUntil(begin);
  while (Date.now() < begin + ROUND * 1000) {
    book(pickInFront(lab), `customer_${exec.vu.idInTest}`, lab.strategy);
    sleep(Math.random() / 4);
  }
}

export function audit(lab) {
  const round = exec.vu.iterationInScenario;
  if (round === ROUNDS - 1) return; // the last one is left as it is, for teardown and for you
  const next = beginOf(round + 1, lab);
  sleepUntil(next - PAUSE * 1000);
  settle();
  // Too late to free the seats before the crowd is back? Then this round and the next are judged
  // as one. A reset among bookings could wipe out a double booking that nobody has seen.
  if (Date.now() > next - 500) return;
  judge([lab]);
  reset();
}

export const teardown = lesson.conclude;

export function handleSummary(data) {
  const { verdicts } = data.metrics;
  return report(`The long run: ${ROUNDS} rounds of ${ROUND} s, ${CUSTOMERS} customers`, data, [
    `  rounds judged    ${verdicts ? verdicts.values.count : 0}`,
  ]);
}

function beginOf(round, lab) {
  return lab.begin + round * (ROUND + PAUSE) * 1000;
}
