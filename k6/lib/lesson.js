// What the lessons have in common: the lab is set up, a crowd books, the lab is judged, and a
// report is printed. Each script says only who comes, and what for.

import * as api from './api.js';
import { OPTIONS, STRATEGY, THINK_TIME_MS } from './settings.js';
import { judge, settle, thresholds } from './verdict.js';

/** k6's options for the given scenarios and whatever more may not happen. */
export function options(scenarios, moreThresholds = {}) {
  return {
    scenarios,
    thresholds: { checks: ['rate==1'], ...thresholds, ...moreThresholds },
    summaryTrendStats: ['p(50)', 'p(95)', 'p(99)', 'max'],
    setupTimeout: '30s',
    teardownTimeout: '60s',
  };
}

/** Set the lab as the caller wants it, with every seat free; return what the customers know. */
export function prepare() {
  if (STRATEGY) api.setStrategy(STRATEGY, OPTIONS);
  if (THINK_TIME_MS !== null) api.setThinkTime(THINK_TIME_MS);
  api.reset();
  const current = api.strategy();
  const { allows } = api.strategies().find((one) => one.name === current.strategy);
  return {
    ...current,
    allows,
    seats: api.freeSeats(),
    // Everybody is there by then, so that those who wait for it begin together.
    begin: Date.now() + 300,
  };
}

/** Judge the run, for the thresholds. */
export function conclude(lab) {
  settle();
  judge([lab]);
}
