/**
 * Takes out of a message what differs from run to run, and nothing else: the ids of sessions, the
 * address of the connection and the times of a file. Everything else is compared as it came.
 */
const uuid = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

export const SESSION = '<session>';
export const TIME = '<time>';
/** Whether a file's time of birth is known depends on the file system; 0 where it is not. */
export const MAYBE_TIME = '<time or 0>';

export function normalise(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return normaliseText(value, name);
  if (typeof value === 'number') return normaliseNumber(value, name);
  if (Array.isArray(value)) return value.map((item) => normalise(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, normalise(item, key)]),
  );
}

function normaliseText(text: string, name: string): string {
  if (name === 'sessionId' && uuid.test(text)) return SESSION;
  return text.replace(/(exec-server websocket )127\.0\.0\.1:\d+/, '$1<address>');
}

function normaliseNumber(value: number, name: string): number | string {
  if (name === 'modifiedAtMs' && isRecent(value)) return TIME;
  return name === 'createdAtMs' && (value === 0 || isRecent(value)) ? MAYBE_TIME : value;
}

/** In milliseconds since the epoch; seconds or nanoseconds would be far off. */
function isRecent(value: number): boolean {
  return Number.isInteger(value) && Math.abs(Date.now() - value) < 24 * 3600 * 1000;
}
