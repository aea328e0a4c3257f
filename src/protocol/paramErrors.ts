import type { ZodError, core } from 'zod';

/** Longest text given back: member names in it come from the caller. */
const MAX_TEXT_LENGTH = 300;

/** How the types of a schema are called in errors. */
const expectedNames: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'an integer',
  boolean: 'a boolean',
  array: 'a sequence',
  object: 'an object',
  record: 'a map',
  null: 'null',
};

/**
 * Why parameters were refused: one line about the first thing wrong, in the measured peer's style. The
 * schema must have been asked to report its input, or a choice left out reads like a wrong one.
 */
export function describeParamsError(error: ZodError): string {
  const [issue] = error.issues;
  const text = issue === undefined ? 'invalid params' : describeIssue(issue);
  return text.replace(/\p{Cc}/gu, ' ').slice(0, MAX_TEXT_LENGTH);
}

function describeIssue(issue: core.$ZodIssue): string {
  if (issue.code === 'custom' || !isLibraryText(issue.message)) return issue.message;
  const { path } = issue;
  const at = path.length === 0 ? '' : ` at \`${path.map(String).join('.')}\``;
  if (issue.code === 'invalid_type') return describeType(issue, at);
  if (issue.code === 'invalid_value') {
    if (issue.input === undefined && at !== '') return missingField(issue);
    return `unknown variant${at}, expected one of ${issue.values.map(quoted).join(', ')}`;
  }
  if (issue.code === 'invalid_union') return `invalid type${at}: none of the forms allowed`;
  if (issue.code === 'unrecognized_keys') {
    return `invalid type: map${at}, expected no member ${issue.keys.map(quoted).join(', ')}`;
  }
  return `invalid value${at}: ${issue.message}`;
}

function describeType(issue: core.$ZodIssueInvalidType, at: string): string {
  // The library tells the type it met in its text only.
  const received = /received (\w+)$/.exec(issue.message)?.[1] ?? 'unknown';
  if (received === 'undefined' && at !== '') return missingField(issue);
  const expected = expectedNames[issue.expected] ?? issue.expected;
  return `invalid type: ${receivedName(received)}, expected ${expected}${at}`;
}

function missingField({ path }: core.$ZodIssue): string {
  return `missing field ${quoted(path.at(-1))}`;
}

/** Absent parameters are `null` to the peer. */
function receivedName(received: string): string {
  if (received === 'undefined') return 'null';
  if (received === 'object') return 'map';
  return received === 'array' ? 'sequence' : received;
}

/** Texts of our own schemas are meant to be read as they are. */
function isLibraryText(message: string): boolean {
  return /^(?:Invalid|Too (?:small|big)|Unrecognized)/.test(message);
}

function quoted(value: unknown): string {
  return `\`${String(value)}\``;
}
