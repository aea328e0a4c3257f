import { describe, expect, it } from 'vitest';
import { looksDenied } from '../../../../../src/environment/local/sandbox/sandboxDenial';

const output = (...chunks: string[]) => chunks.map((chunk) => Buffer.from(chunk));

describe('a failure in a sandbox', () => {
  it.each([
    'touch: cannot touch x: Read-only file system',
    'bash: x: PERMISSION DENIED',
    'socket: Operation not permitted',
    'error: failed to write file x',
  ])('reads like a refusal: %s', (text) => {
    expect(looksDenied(1, output(text))).toBe(true);
    expect(looksDenied(127, output('before\n', text.slice(0, 20), text.slice(20)))).toBe(true);
  });

  it('is none of the sandbox when the program succeeded or says something else', () => {
    expect(looksDenied(0, output('Permission denied'))).toBe(false);
    expect(looksDenied(1, output('No such file or directory'))).toBe(false);
    expect(looksDenied(137, [])).toBe(false);
  });

  it.runIf(process.platform === 'linux')('is one when a system call ended the program', () => {
    expect(looksDenied(128 + 31, [])).toBe(true);
  });
});
