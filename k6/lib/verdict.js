// The verdict: what the lab's own records say about a run.
//
// A run in which no two bookings met shows nothing: it looks as good without protection as with the
// best one. So "safe" needs three things, and the first two are measured:
//
//   1. nothing went wrong: no seat was confirmed twice, and the audit found nothing;
//   2. something could have gone wrong: bookings of a seat were under way while another one of that
//      seat was being confirmed (`overlapping` in /admin/stats, from the times of each booking);
//   3. the strategy promises to prevent double bookings. Without that promise, it was only lucky.

import { Counter, Rate } from 'k6/metrics';

import * as api from './api.js';
import { EXPECT } from './settings.js';

const DOUBLE_BOOKING = 'double booking';

/** The verdicts: the same words as everywhere in the lab, see docs/glossary.md. */
export const VERDICTS = ['safe', 'inconclusive', 'unknown', 'wrong'];
if (EXPECT && !VERDICTS.includes(EXPECT)) {
  throw new Error(`EXPECT is '${EXPECT}'; it takes a verdict: ${VERDICTS.join(', ')}.`);
}

const metrics = {
  verdicts: new Counter('verdicts'),
  overlapping: new Counter('overlapping'),
  doubleBookings: new Counter('double_bookings'),
  findings: new Counter('audit_findings'),
  brokenPromises: new Counter('broken_promises'),
};
const asExpected = new Rate('as_expected');

/** What fails a run: any anomaly that the strategy promises to prevent, and any other verdict. */
export const thresholds = {
  broken_promises: ['count==0'],
  ...(EXPECT && { as_expected: ['rate==1'] }),
};

/** The verdict. */
export function verdict({ doubleBookings, findings, overlapping, allows, judged = true }) {
  if (doubleBookings > 0 || findings > 0) return 'wrong';
  if (!judged) return 'unknown';
  return overlapping > 0 && !allows.includes(DOUBLE_BOOKING) ? 'safe' : 'inconclusive';
}

/** Why. */
export function reason({ doubleBookings, findings, overlapping }, word) {
  return {
    wrong: doubleBookings
      ? `${DOUBLE_BOOKING}, seats that went to more than one customer: ${doubleBookings}`
      : `seats, bookings and answers disagree: ${findings} findings, see /admin/audit`,
    unknown: 'nobody judged, see the error',
    safe: `${overlapping} bookings met another one of their seat, and no seat went twice`,
    inconclusive: overlapping
      ? 'nothing went wrong, but this strategy does not promise that'
      : 'no two bookings met, so nothing was put to the test',
  }[word];
}

/**
 * Judge what has happened since the last reset, and put it into the metrics of the thresholds. Call
 * it once for each reset, because the metrics add up.
 *
 * Each part is {strategy, allows} and, where several strategies share the event, the seats that
 * this one had for itself.
 */
export function judge(parts) {
  for (const found of look(parts)) {
    metrics.verdicts.add(1);
    metrics.overlapping.add(found.overlapping);
    metrics.doubleBookings.add(found.doubleBookings);
    metrics.findings.add(found.findings);
    metrics.brokenPromises.add(found.brokenPromises);
    asExpected.add(found.verdict === EXPECT);
  }
}

/** What the lab's records say about each part. */
export function look(parts) {
  const figures = api.stats().by_strategy;
  const double = api.doubleBookings();
  const findings = api.audit();
  return parts.map(({ strategy, allows, seats }) => {
    const mine = (seat) => !seats || seats.includes(seat);
    const twice = double.filter((one) => mine(one.seat_number)).length;
    const wrong = findings.filter((one) => mine(one.subject));
    const stats = figures.find((one) => one.strategy === strategy) || { overlapping: 0 };
    const found = {
      strategy,
      allows,
      stats,
      overlapping: stats.overlapping,
      doubleBookings: twice,
      findings: wrong.length,
      brokenPromises:
        (allows.includes(DOUBLE_BOOKING) ? 0 : twice) +
        wrong.filter((one) => !allows.includes(one.anomaly)).length,
    };
    return { ...found, verdict: verdict(found) };
  });
}

/**
 * Wait until no booking is under way and the lab's records are complete.
 *
 * A switch returns when all older bookings have ended, also those of customers who have gone, and
 * are in the ledger. To set the think time to its current value changes nothing else.
 */
export function settle(seconds = 30) {
  const deadline = Date.now() + seconds * 1000;
  const same = api.strategy().think_time_ms;
  while (!api.setThinkTime(same).drained) {
    if (Date.now() > deadline) throw new Error(`The lab did not come to rest in ${seconds} s.`);
  }
}
