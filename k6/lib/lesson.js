// What the lessons have in common: they set up the lab, a crowd books, they judge the lab, and they
// print a report. Each script only says which crowd comes, and what it wants.

import * as api from './api.js';
import { OPTIONS, STRATEGY, THINK_TIME_MS } from './settings.js';
import { judge, settle, thresholds } from './verdict.js';

/** k6's options for these scenarios, with further thresholds. */
export function options(scenarios, moreThresholds = {}) {
  return {
    scenarios,
    thresholds: { checks: ['rate==1'], ...thresholds, ...moreThresholds },
    summaryTrendStats: ['p(50)', 'p(95)', 'p(99)', 'max'],
    setupTimeout: '30s',
    teardownTimeout: '60s',
  };
}

/** Set up the lab as the environment says, with every seat free; return what the VUs need. */
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
    // By then, every VU has started, so all that wait for this time begin together.
    begin: Date.now() + 300,
  };
}

/** Judge the run, for the thresholds. */
export function conclude(lab) {
  settle();
  judge([lab]);
}
