// The part of the lab's API that the scripts need. Each call throws if the lab refuses it: a run
// that could not be set up or judged must not look like a run that went well.

import http from 'k6/http';

import { ADMIN_TOKEN, BASE_URL, EVENT_ID } from './settings.js';

// Refusals (409) and waits that took too long (503) are answers, not failed requests.
http.setResponseCallback(http.expectedStatuses({ min: 200, max: 299 }, 409, 503));

export const strategy = () => call('GET', '/admin/strategy');
export const setStrategy = (name, options) =>
  call('POST', '/admin/strategy', { strategy: name, options });
export const strategies = () => call('GET', '/admin/strategies').strategies;
export const setThinkTime = (milliseconds) =>
  call('POST', '/admin/think-time', { think_time_ms: milliseconds });

// Only the seats of the event: tickets and times that others book in the same lab say nothing about
// a run of a script.
const MINE = `kind=seats&scope=${EVENT_ID}`;
export const reset = () => call('POST', `/admin/reset?event_id=${EVENT_ID}`);
export const audit = () => all('audit', 'findings');
export const doubleBookings = () => all('violations', 'violations');

/** The figures, once every worker has written its ledger. */
export function stats() {
  const found = call('GET', `/admin/stats?${MINE}`, undefined, 'GET /admin/stats');
  if (found.complete) return found;
  throw new Error(`The figures are not complete: ${found.silent.join(', ')} did not answer.`);
}

/** The event with all its seats, as a visitor of its page gets it. */
export const event = () => call('GET', `/events/${EVENT_ID}`, undefined, 'GET /events/{id}');

/** The numbers of the free seats. */
export function freeSeats() {
  const path = `/events/${EVENT_ID}/seats?available_only=true`;
  return call('GET', path, undefined, 'GET free seats').seats.map((seat) => seat.seat_number);
}

/** Ask for a seat; return the HTTP response, whatever it is. */
export function book(seat, customer, more = {}) {
  const order = { event_id: EVENT_ID, seat_number: seat, customer_id: customer, ...more };
  return http.post(`${BASE_URL}/book`, JSON.stringify(order), parameters('POST /book'));
}

/** All entries of a list that comes in pages. */
function all(list, member) {
  const found = [];
  for (let more = ''; more !== null; ) {
    const path = `/admin/${list}?${MINE}${more}`;
    const page = call('GET', path, undefined, `GET /admin/${list}`);
    found.push(...page[member]);
    more = page.next && `&cursor=${page.next}`;
  }
  return found;
}

function call(method, path, body, name = `${method} ${path}`) {
  const sent = body === undefined ? null : JSON.stringify(body);
  const answer = http.request(method, BASE_URL + path, sent, parameters(name));
  // Not answer.json(): that shuffles the members at every call.
  if (answer.status === 200) return JSON.parse(answer.body);
  const told = answer.status ? answer.body : 'no answer. Is the lab up? `make up` starts it.';
  throw new Error(`${method} ${BASE_URL}${path}: ${told}`);
}

function parameters(name) {
  const headers = { 'Content-Type': 'application/json' };
  if (ADMIN_TOKEN) headers.Authorization = `Bearer ${ADMIN_TOKEN}`;
  return { headers, tags: { name }, timeout: '60s' };
}
