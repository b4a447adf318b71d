// Every kind of finding, and the verdict that it must lead to.

import { check } from 'k6';

import { VERDICTS, verdict } from '../../k6/lib/verdict.js';

export const options = { thresholds: { checks: ['rate==1'] } };

const clean = { doubleBookings: 0, findings: 0, overlapping: 20, allows: [] };
const unsafe = { ...clean, allows: ['double booking', 'lost update'] };

const CASES = [
  ['safe', clean],
  ['safe', { ...clean, allows: ['lost update'] }],
  ['inconclusive', { ...clean, overlapping: 0 }],
  ['inconclusive', unsafe], // lucky, not safe
  ['inconclusive', { ...unsafe, overlapping: 0 }],
  ['wrong', { ...clean, doubleBookings: 1 }],
  ['wrong', { ...unsafe, doubleBookings: 1, findings: 1 }],
  ['wrong', { ...clean, doubleBookings: 1, overlapping: 0 }],
  ['wrong', { ...clean, findings: 1 }],
  ['unknown', { ...clean, judged: false }],
  ['wrong', { ...clean, judged: false, doubleBookings: 1 }],
];

export default function () {
  check(VERDICTS.join(), { 'the words are those of the lab': (all) => all === __ENV.VERDICTS });
  for (const [expected, found] of CASES) {
    check(found, { [`${expected}: ${JSON.stringify(found)}`]: () => verdict(found) === expected });
  }
}
