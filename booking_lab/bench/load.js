// Clients that send one kind of request as fast as the lab answers, for the benchmark.
//
// The first second is not measured: there the clients connect, and the lab prepares its statements.

import http from 'k6/http';
import { Counter } from 'k6/metrics';

const { BASE_URL, KIND, EVENT, MANY, CLIENTS, SECONDS } = __ENV;
const WARM = 1;
const clients = (startTime, duration) => ({
  executor: 'constant-vus', vus: Number(CLIENTS), startTime: `${startTime}s`,
  duration: `${duration}s`, gracefulStop: '20s',
});

export const options = {
  scenarios: { warm: clients(0, WARM), measured: clients(WARM + 0.5, SECONDS) },
  discardResponseBodies: true,
  summaryTrendStats: ['med', 'p(99)'],
  // Only what a threshold names is summed up by scenario. These are never broken.
  thresholds: {
    'http_req_duration{scenario:measured}': ['max>=0'],
    'confirmed{scenario:measured}': ['count>=0'],
    'refused{scenario:measured}': ['count>=0'],
    'other{scenario:measured}': ['count>=0'],
  },
};

const counted = { confirmed: new Counter('confirmed'), refused: new Counter('refused'),
  other: new Counter('other') };
const statuses = { 200: 'confirmed', 201: 'confirmed', 409: 'refused' };
const parameters = { headers: { 'Content-Type': 'application/json' }, timeout: '60s' };
const send = (path, body) => http.post(BASE_URL + path, JSON.stringify(body), parameters);
const requests = {
  health: () => http.get(`${BASE_URL}/health`),
  seats: () => send('/book', {
    event_id: Number(EVENT), seat_number: `S${1 + Math.floor(Math.random() * MANY)}`,
    customer_id: `c${__VU}`,
  }),
  tickets: () => send('/api/bookings', {
    kind: 'tickets', event_id: Number(EVENT), quantity: 1, customer_id: `c${__VU}`,
  }),
};

export default function () {
  counted[statuses[requests[KIND]().status] || 'other'].add(1);
}

export function handleSummary({ metrics }) {
  const count = (name) => metrics[name]?.values.count ?? 0;
  const measured = (name) => count(`${name}{scenario:measured}`);
  return { stdout: JSON.stringify({
    requests: count('http_reqs'),
    p99_ms: metrics['http_req_duration{scenario:measured}'].values['p(99)'],
    confirmed: measured('confirmed'), refused: measured('refused'), other: measured('other'),
  }) };
}
