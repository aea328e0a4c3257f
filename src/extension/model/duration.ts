const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How long something took: `0.4s`, `12s`, `3m 5s`, `2h 4m`, `1d 3h`. */
export function formatDuration(durationMs: number): string {
  const ms = Math.max(0, durationMs);
  if (ms < 10 * SECOND_MS) return `${(Math.floor(ms / 100) / 10).toFixed(1)}s`;
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)}s`;
  return formatPair(ms, ms < HOUR_MS ? 'seconds' : 'none');
}

/** How long ago something was, in whole minutes, because views are refreshed a few times a minute. */
export function formatAge(ageMs: number): string {
  const ms = Math.max(0, ageMs);
  return ms < MINUTE_MS ? '<1m' : formatPair(ms, 'none');
}

/** `formatAge` for a screen reader. */
export function speakAge(ageMs: number): string {
  const ms = Math.max(0, ageMs);
  if (ms < MINUTE_MS) return 'less than a minute';
  if (ms < HOUR_MS) return plural(Math.floor(ms / MINUTE_MS), 'minute');
  if (ms < DAY_MS) return plural(Math.floor(ms / HOUR_MS), 'hour');
  return plural(Math.floor(ms / DAY_MS), 'day');
}

/** `1 process`, `2 processes`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

function formatPair(ms: number, rest: 'seconds' | 'none'): string {
  const days = Math.floor(ms / DAY_MS);
  const hours = Math.floor((ms % DAY_MS) / HOUR_MS);
  const minutes = Math.floor((ms % HOUR_MS) / MINUTE_MS);
  const seconds = Math.floor((ms % MINUTE_MS) / SECOND_MS);
  if (days > 0) return joinPair(`${days}d`, hours, 'h');
  if (hours > 0) return joinPair(`${hours}h`, minutes, 'm');
  return rest === 'seconds' ? joinPair(`${minutes}m`, seconds, 's') : `${minutes}m`;
}

function joinPair(first: string, second: number, unit: string): string {
  return second === 0 ? first : `${first} ${second}${unit}`;
}
