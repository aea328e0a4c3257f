import type { WalkResponse } from '../../protocol/walkMessages';
import { walkReplyBytes } from '../../protocol/walkReplyBytes';

/** What a walk found in the words of the wire; what does not fit into the reply is left out, and that is said. */
export function walkReply(
  found: WalkResponse,
  format: (path: string) => string,
  maxBytes: number,
): WalkResponse {
  let bytesLeft = maxBytes;
  const fits = (text: string): boolean => {
    bytesLeft -= walkReplyBytes(text);
    return bytesLeft >= 0;
  };
  const errors: WalkResponse['errors'] = [];
  for (const { path, message } of found.errors) {
    const error = { path: format(path), message };
    if (fits(error.path + message)) errors.push(error);
  }
  const entries: WalkResponse['entries'] = [];
  for (const { path, kind } of found.entries) {
    const entry = { path: format(path), kind };
    if (!fits(entry.path)) break;
    entries.push(entry);
  }
  return { entries, errors, truncated: found.truncated || bytesLeft < 0 };
}
