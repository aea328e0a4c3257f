/** Facts of a log line, written as `key=value`. Never put environment values, tokens, input or file content here. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** Where log lines go. One event per line, past tense. */
export interface Logger {
  trace(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose lines begin with `place`, such as `session 1a2b3c4d`. */
  child(place: string): Logger;
}

/** Receives finished lines. */
export type LogSink = (level: LogLevel, line: string) => void;

/** A logger that formats each event as one redacted line and hands it to `sink`. */
export function createLogger(sink: LogSink, place = ''): Logger {
  const at =
    (level: LogLevel) =>
    (message: string, fields?: LogFields): void => {
      sink(level, formatLine(place, message, fields));
    };
  return {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (childPlace) => createLogger(sink, place === '' ? childPlace : `${place} ${childPlace}`),
  };
}

/** Discards everything. */
export const nullLogger: Logger = createLogger(() => undefined);

function formatLine(place: string, message: string, fields: LogFields = {}): string {
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${formatValue(value)}`);
  const head = place === '' ? message : `[${place}] ${message}`;
  return redactSecrets(oneLine([head, ...pairs].join(' ')));
}

function formatValue(value: string | number | boolean | undefined): string {
  const text = String(value);
  return typeof value === 'string' && /[\s"=]/.test(text) ? JSON.stringify(text) : text;
}

/** Control characters would let logged text forge lines or drive the terminal that shows the log. */
function oneLine(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what this removes
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ');
}

/** Removes tokens from text: the last guard, in every sink, behind not logging them in the first place. */
export function redactSecrets(text: string): string {
  return (
    text
      .replace(/([?&]token=)[^&\s"']+/gi, '$1***')
      // A message that speaks of a "bearer token" keeps its sense.
      .replace(/(\bbearer\s+)(?!token(?![\w.~+/=-]))[\w.~+/=-]+/gi, '$1***')
  );
}
