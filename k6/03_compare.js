// Lesson 3: every strategy against the same crowd.
//
// The crowd meets for one seat after the other: all customers wait for the same millisecond, and
// then all of them ask for the same seat. Each strategy of the lab has its turn with seats of its
// own, and each booking names the strategy that it wants. So every strategy is put to the test, and
// `overlapping` in the table shows how hard the test was.
//
//   make load SCRIPT=03_compare
//   make load SCRIPT=03_compare APART_MS=200
//
// Look at: the verdicts, and the cost of being safe in p50, p95 and p99. Then look at the second
// command: its customers come one after the other and never meet, and nothing goes wrong, not even
// under `none`. A comparison that calls this "safe" compares nothing. Here it is "inconclusive".
//
// Variables: THINK_TIME_MS, CUSTOMERS (10), SEATS for each strategy (4), APART_MS (0) between two
// customers, EXPECT (a verdict, for all of them).

import exec from 'k6/execution';

import * as api from './lib/api.js';
import { book, sleepUntil } from './lib/customer.js';
import * as lesson from './lib/lesson.js';
import { lines, outcomeOfThresholds, table } from './lib/report.js';
import { number } from './lib/settings.js';
import { judge, look, settle } from './lib/verdict.js';

const CUSTOMERS = number('CUSTOMERS', 10);
const SEATS = number('SEATS', 4);
const APART_MS = number('APART_MS', 0);

export const options = lesson.options({
  crowd: { executor: 'per-vu-iterations', vus: CUSTOMERS, iterations: 1 },
});

export function setup() {
  const lab = lesson.prepare();
  const strategies = api.strategies();
  const share = Math.min(SEATS, Math.floor(lab.seats.length / strategies.length)) || 1;
  // Time for the slowest to be through before all meet again: under a lock, one thinks and the
  // others are refused when they get it.
  const turn = CUSTOMERS * APART_MS + lab.think_time_ms + 250;
  const turns = strategies.map(({ name, allows }, place) => ({
    strategy: name,
    allows,
    seats: lab.seats.slice(place * share, (place + 1) * share),
    begin: lab.begin + place * share * turn,
  }));
  return { ...lab, turn, turns };
}

export default function (lab) {
  const customer = exec.vu.idInTest;
  for (const { strategy, seats, begin } of lab.turns) {
    seats.forEach((seat, place) => {
      sleepUntil(begin + place * lab.turn + (customer - 1) * APART_MS);
      book(seat, `customer_${customer}`, strategy, { strategy });
    });
  }
}

export function teardown(lab) {
  settle();
  judge(lab.turns);
}

export function handleSummary(data) {
  const lab = data.setup_data;
  if (!lab || !data.metrics.verdicts.values.count) return lines(['No comparison: see the error.']);
  return lines([
    '',
    `${CUSTOMERS} customers for each of ${lab.turns[0].seats.length} seats under every strategy, ` +
      `think time ${lab.think_time_ms} ms`,
    '',
    ...table([HEAD, ...look(lab.turns).map(row)]),
    '',
    '  overlapping: bookings that met another one of the same seat; without any, nothing is proven',
    '',
    ...outcomeOfThresholds(data),
  ]);
}

const HEAD = [
  ...['strategy', 'confirmed', 'refused', 'conflict', 'timeout', 'retries', 'overlapping'],
  ...['double bookings', 'p50 ms', 'p95 ms', 'p99 ms', 'verdict'],
];

function row({ strategy, stats, overlapping, doubleBookings, verdict }) {
  const whole = (name) => Math.round(stats[name] || 0);
  return [
    strategy,
    ...['confirmed', 'refused', 'conflict', 'timeout', 'retries'].map(whole),
    ...[overlapping, doubleBookings],
    ...['p50_ms', 'p95_ms', 'p99_ms'].map(whole),
    verdict,
  ];
}
