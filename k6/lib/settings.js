// The settings of the scripts, read from the environment in one place.

export const BASE_URL = text('BASE_URL', 'http://localhost:8000').replace(/\/+$/, '');
export const ADMIN_TOKEN = text('ADMIN_TOKEN', '');
export const EVENT_ID = number('EVENT_ID', 1);

// If they are left out, the lab stays as it is.
export const STRATEGY = text('STRATEGY', '');
export const OPTIONS = json('OPTIONS'); // of that strategy, such as {"attempts": 8}
export const THINK_TIME_MS = number('THINK_TIME_MS', null);

// The verdict that you expect; any other verdict fails the run.
export const EXPECT = text('EXPECT', '');

export function text(name, otherwise) {
  return __ENV[name] || otherwise; // set, but empty, is as good as not set
}

export function number(name, otherwise) {
  const given = text(name, null);
  if (given === null) return otherwise;
  const value = Number(given);
  if (!(value >= 0)) throw new Error(`${name} is '${given}'; it takes a number from 0 up.`);
  return value;
}

function json(name) {
  const given = text(name, '{}');
  try {
    return JSON.parse(given);
  } catch (error) {
    throw new Error(`${name} is '${given}'; it takes JSON, such as {"attempts": 8}.`);
  }
}
