import { describe, expect, it } from 'vitest';
import { requests } from '../../../src/protocol/methods';
import { describeParamsError } from '../../../src/protocol/paramErrors';

const start = { processId: 'p', argv: ['true'], cwd: 'file:///', env: {}, tty: false };

function refusalOf(method: keyof typeof requests, params: unknown): string | undefined {
  const { error } = requests[method].params.safeParse(params, { reportInput: true });
  return error === undefined ? undefined : describeParamsError(error);
}

describe('texts of refused parameters', () => {
  it.each([
    ['initialize', undefined, 'invalid type: null, expected an object'],
    ['initialize', null, 'invalid type: null, expected an object'],
    ['initialize', [], 'invalid type: sequence, expected an object'],
    ['initialize', {}, 'missing field `clientName`'],
    ['initialize', { clientName: 5 }, 'invalid type: number, expected a string at `clientName`'],
    ['fs/getMetadata', { path: 5 }, 'invalid type: number, expected a string at `path`'],
    ['fs/getMetadata', { path: '' }, 'invalid URI: relative URL without a base'],
    ['fs/getMetadata', { path: 'http://x/y' }, 'unsupported path URI scheme `http`'],
    [
      'fs/getMetadata',
      { path: '/a', followSymlinks: 5 },
      'invalid type: number, expected a boolean at `followSymlinks`',
    ],
    ['fs/copy', { sourcePath: '/a', destinationPath: '/b' }, 'missing field `recursive`'],
    ['process/start', { ...start, argv: [] }, 'argv must not be empty'],
    [
      'process/start',
      { ...start, env: { A: 1 } },
      'invalid type: number, expected a string at `env.A`',
    ],
    ['process/start', { ...start, env: [] }, 'invalid type: sequence, expected a map at `env`'],
    ['process/start', { ...start, cwd: undefined }, 'missing field `cwd`'],
    ['process/start', { ...start, envPolicy: {} }, 'missing field `inherit`'],
    ['process/signal', { processId: 'p' }, 'missing field `signal`'],
    [
      'process/start',
      { ...start, processId: 'x'.repeat(257) },
      'processId is longer than 256 bytes',
    ],
    [
      'process/read',
      { processId: 'p', afterSeq: -1 },
      'invalid value at `afterSeq`: Too small: expected number to be >=0',
    ],
    [
      'process/read',
      { processId: 'p', waitMs: 1.5 },
      'invalid value at `waitMs`: Invalid number: must be a multiple of 1',
    ],
    ['process/write', { processId: 'p', chunk: '', writeId: '' }, 'writeId must not be empty'],
    [
      'process/signal',
      { processId: 'p', signal: 'x' },
      'unknown variant at `signal`, expected one of `interrupt`, `terminate`, `kill`, `hangup`, `quit`',
    ],
    ['environment/status', { a: 1 }, 'invalid type: map, expected no member `a`'],
    ['environment/status', 5, 'invalid type: none of the forms allowed'],
  ] as const)('%s %j', (method, params, text) => {
    expect(refusalOf(method, params)).toBe(text);
  });

  it('stay on one line and short, whatever the caller calls a member', () => {
    const text = refusalOf('process/start', { ...start, env: { [`a\nb${'x'.repeat(1000)}`]: 1 } });
    expect(text).toHaveLength(300);
    expect(text).not.toContain('\n');
  });
});
