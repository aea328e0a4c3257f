import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../src/base/limits';
import { openClient, printed, run, status, textOf } from '../../support/processCalls';
import { startParams } from '../../support/wireClient';
import type { WireMessage } from '../../support/wireClient';
import {
  failOnLeaks,
  memoryInUse,
  untilMemoryIsWithin,
  untilStable,
} from '../../support/wireLeaks';

failOnLeaks();

const MIB = 1024 ** 2;
const WRITES = 1000;
const CHUNK_BYTES = 64 * 1024;

/** Bound against hanging only: a slow machine takes long to pass so much through a terminal. */
const TIMEOUT_MS = 300_000;

/** Input no two parts of which are the same, so that a swap would show. */
function chunkOf(index: number): Buffer {
  return createHash('shake256', { outputLength: CHUNK_BYTES }).update(`${index}`).digest();
}

/** Waits at a gate for the number of bytes it shall read, then tells what they were. */
const deafProgram = (prepare: string): string =>
  `${prepare} mkfifo gate; echo ready; read -r bytes < gate; head -c "$bytes" | sha256sum`;

describe('a thousand writes that nobody waits for', () => {
  it.each([
    ['a pipe', '', { pipeStdin: true }],
    ['a terminal', 'stty raw -echo;', { tty: true }],
  ])(
    'to a program that does not read %s hold up nothing, and arrive in order',
    async (_name, prepare, overrides) => {
      const { client, server } = await openClient();
      const cwd = server.workspace;
      await client.request(
        'process/start',
        startParams('deaf', deafProgram(prepare), { cwd, ...overrides }),
      );
      await printed(client, 'deaf', 'ready');
      const before = memoryInUse();
      for (let index = 0; index < WRITES; index += 1) {
        const chunk = chunkOf(index).toString('base64');
        const params = { processId: 'deaf', chunk, writeId: `${index}` };
        client.sendRaw(JSON.stringify({ id: `w${index}`, method: 'process/write', params }));
      }
      const others = [
        await client.call('environment/status'),
        await client.call('fs/readDirectory', { path: cwd }),
        await run(client, 'other', 'echo fine'),
      ];
      const answers = (): WireMessage[] =>
        client.received.filter(({ id }) => typeof id === 'string' && id.startsWith('w'));
      await untilStable(() => answers().length, 'what can be answered is');
      await untilMemoryIsWithin(before + 3 * defaultLimits.maxWaitingRequestBytes);
      const refusals = answers().filter((answer) => 'error' in answer);
      const refusedIds = new Set(refusals.map(({ id }) => id));
      const accepted = Array.from({ length: WRITES }, (_, index) => index).filter(
        (index) => !refusedIds.has(`w${index}`),
      );
      const expected = createHash('sha256');
      for (const index of accepted) expected.update(chunkOf(index));
      await writeFile(join(cwd, 'gate'), `${accepted.length * CHUNK_BYTES}\n`);
      await client.outputOf('deaf');
      await client.next(() => answers().length === WRITES);
      const results = answers().flatMap(({ result }) => (result === undefined ? [] : [result]));
      await client.close();
      expect({
        others,
        manyAccepted: accepted.length * CHUNK_BYTES > 40 * MIB,
        refusals: new Set(refusals.map(({ error }) => JSON.stringify(error))),
        results,
        digest: textOf(client, 'deaf').includes(expected.digest('hex')),
      }).toEqual({
        others: [
          { result: { status: 'ready' } },
          { result: { entries: [{ fileName: 'gate', isDirectory: false, isFile: false }] } },
          { output: { stdout: 'fine\n' }, exitCode: 0 },
        ],
        manyAccepted: true,
        refusals: new Set([
          JSON.stringify({
            code: -32013,
            message: `limit reached: at most ${defaultLimits.maxWaitingRequestBytes} bytes of requests may wait on one connection`,
          }),
        ]),
        results: accepted.map(() => (status('accepted') as { result: unknown }).result),
        digest: true,
      });
    },
    TIMEOUT_MS,
  );

  it(
    'are called off with the program they are for',
    async () => {
      const { client } = await openClient();
      await client.request('process/start', startParams('deaf', 'sleep 1000', { pipeStdin: true }));
      for (let index = 0; index < WRITES; index += 1) {
        const chunk = chunkOf(index).toString('base64');
        const params = { processId: 'deaf', chunk, writeId: `${index}` };
        client.sendRaw(JSON.stringify({ id: `w${index}`, method: 'process/write', params }));
      }
      const terminated = await client.call('process/terminate', { processId: 'deaf' });
      await client.next(
        () => client.received.filter(({ id }) => typeof id === 'string').length === WRITES,
      );
      await client.close();
      expect(terminated).toEqual({ result: { running: true } });
    },
    TIMEOUT_MS,
  );
});
