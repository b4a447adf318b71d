// The report at the end of a run.

import { OUTCOMES, metricOf } from './customer.js';
import { reason, verdict } from './verdict.js';

/** The report of a lesson under one strategy; `more` has the lines that only this lesson has. */
export function report(title, data, more = []) {
  const lab = data.setup_data;
  if (!lab) return lines([`${title}: it never began.`]);
  const count = (name) => (data.metrics[name] ? data.metrics[name].values.count : 0);
  const found = {
    overlapping: count('overlapping'),
    doubleBookings: count('double_bookings'),
    findings: count('audit_findings'),
    allows: lab.allows,
    judged: count('verdicts') > 0,
  };
  const word = verdict(found);
  const outcomes = [...OUTCOMES, 'error'].map((one) => `${one} ${count(metricOf(one))}`);
  return lines([
    '',
    title,
    '',
    `  strategy         ${lab.strategy} ${options(lab)}`,
    `  think time       ${lab.think_time_ms} ms between decide and write`,
    `  bookings         ${outcomes.join(', ')}`,
    `  tries again      ${count('bookings_retries')}`,
    `  answered within  ${times(data.metrics.booking_duration)}`,
    ...more,
    `  overlapping      ${found.overlapping}`,
    `  double bookings  ${found.doubleBookings}`,
    `  audit findings   ${found.findings}`,
    `  verdict          ${word}: ${reason(found, word)}`,
    '',
    ...outcomeOfThresholds(data),
  ]);
}

/** Rows of cells as lines of a table; numbers are aligned right, words left. */
export function table(rows) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => String(row[i]).length)));
  const numeric = rows[0].map((_, i) => rows.slice(1).every((row) => typeof row[i] === 'number'));
  const cell = (value, i) =>
    numeric[i] ? String(value).padStart(widths[i]) : String(value).padEnd(widths[i]);
  return rows.map((row) => `  ${row.map(cell).join('   ').trimEnd()}`);
}

/** Each threshold, and whether it held. */
export function outcomeOfThresholds(data) {
  return Object.entries(data.metrics).flatMap(([name, metric]) =>
    Object.entries(metric.thresholds || {}).map(
      ([limit, { ok }]) => `  ${ok ? 'held   ' : 'BROKEN '} ${name} ${limit}`,
    ),
  );
}

export function lines(all) {
  return { stdout: `${all.join('\n')}\n` };
}

/** A trend's percentiles as words. */
export function times(trend) {
  if (!trend) return 'nothing was asked';
  const at = (name) => `${name.replace(/[()]/g, '')} ${Math.round(trend.values[name])} ms`;
  return ['p(50)', 'p(95)', 'p(99)', 'max'].map(at).join(', ');
}

function options(lab) {
  return JSON.stringify(lab.options, Object.keys(lab.options).sort());
}
