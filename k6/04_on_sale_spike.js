// Lesson 4: the sale opens.
//
// Until now, each customer waited for an answer before the next request, so a slow lab got fewer
// requests. In a sale, nobody waits for the others: customers arrive at a rate, and if bookings
// take longer, more of them are under way at once. All customers want one of the best seats that
// are left, so they also collide. At the same time, some customers only look at the page of the
// event, and the page should stay quick.
//
//   make load SCRIPT=04_on_sale_spike STRATEGY=pessimistic
//   make load SCRIPT=04_on_sale_spike STRATEGY=optimistic RATE=200
//
// Look at: p99 during the spike; `timeout` and `turned away` when there are more customers than the
// lab lets wait; and the times of the page, which must stay low in spite of them (the threshold
// below). `dropped` counts customers for whom k6 had no free VU: then k6 did not reach the rate,
// and you measured k6.
//
// Variables: STRATEGY, OPTIONS, THINK_TIME_MS, RATE (80 arrivals a second at the peak), DURATION
// (10, seconds at the peak), MAX_VUS (200), PAGE_P95_MS (1000), EXPECT (a verdict).

import exec from 'k6/execution';

import { event } from './lib/api.js';
import { book, pickInFront } from './lib/customer.js';
import * as lesson from './lib/lesson.js';
import { report, times } from './lib/report.js';
import { number } from './lib/settings.js';

const RATE = number('RATE', 80);
const DURATION = number('DURATION', 10);
const MAX_VUS = number('MAX_VUS', 200);
const PAGE_P95_MS = number('PAGE_P95_MS', 1000);

const PAGE = 'http_req_duration{name:GET /events/{id}}';
const RAMP = 1; // second

export const options = lesson.options(
  {
    buyers: {
      executor: 'ramping-arrival-rate',
      exec: 'buy',
      startRate: 5,
      timeUnit: '1s',
      preAllocatedVUs: MAX_VUS,
      stages: [
        { target: 5, duration: `${RAMP}s` }, // the early ones
        { target: RATE, duration: `${RAMP}s` }, // the doors open
        { target: RATE, duration: `${DURATION}s` },
        { target: 5, duration: `${RAMP}s` }, // sold out
      ],
    },
    lookers: {
      executor: 'constant-arrival-rate',
      exec: 'browse',
      rate: 5,
      timeUnit: '1s',
      duration: `${DURATION + 3 * RAMP}s`,
      preAllocatedVUs: 20,
    },
  },
  { [PAGE]: [`p(95)<${PAGE_P95_MS}`] },
);

export const setup = lesson.prepare;

export function buy(lab) {
  book(pickInFront(lab), `customer_${exec.scenario.iterationInTest}`, lab.strategy);
}

export function browse() {
  event();
}

export const teardown = lesson.conclude;

export function handleSummary(data) {
  const { dropped_iterations: dropped, [PAGE]: page } = data.metrics;
  return report(`The sale opens: ${RATE} customers a second for ${DURATION} s`, data, [
    `  the event's page ${times(page)}`,
    `  dropped          ${dropped ? dropped.values.count : 0}`,
  ]);
}
