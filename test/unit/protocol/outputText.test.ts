import { describe, expect, it } from 'vitest';
import type { OutputFrame } from '../../../src/protocol/outputFrame';
import { OutputTextReader } from '../../../src/protocol/outputText';
import { ProcessNotifications } from '../../../src/server/processNotifications';
import { bytesOfMessage } from '../../../src/protocol/outgoingMessage';

const bulk = Buffer.from(Array.from({ length: 8191 }, (_, index) => (index * 31) & 0xff));

function messageOf(overrides: Record<string, unknown> = {}, method = 'process/output'): string {
  const output = { processId: 'p1', seq: 7, stream: 'stdout', chunk: bulk.toString('base64') };
  return JSON.stringify({ method, params: { ...output, ...overrides } });
}

const read = (message: string): OutputFrame | undefined =>
  new OutputTextReader().read(Buffer.from(message));

describe('bulk output as text', () => {
  it('is read as our server writes it', () => {
    const frame = { processId: 'a b-1', stream: 'pty', seq: 999_999_999_999_999 } as const;
    const notifications = new ProcessNotifications(frame.processId);
    const event = { type: 'output', chunk: bulk, ...frame } as const;
    const message = notifications.encode(event, false);
    const bytes = typeof message === 'string' ? Buffer.from(message) : bytesOfMessage(message);
    expect(new OutputTextReader().read(bytes)).toEqual({ ...frame, chunk: bulk });
  });

  it('is read as the measured peer writes it, whatever its length', () => {
    const reader = new OutputTextReader();
    for (const length of [800, 801, 802, 8192, 65_536]) {
      const chunk = Buffer.alloc(length, 'xyz');
      const message = Buffer.from(messageOf({ chunk: chunk.toString('base64') }));
      expect(reader.read(message)).toEqual({ processId: 'p1', seq: 7, stream: 'stdout', chunk });
    }
  });

  it.each([
    ['a short one', messageOf({ chunk: 'eA==' })],
    ['one that is longer than a read', messageOf({ chunk: 'AAAA'.repeat(21_846) })],
    ['another notification', messageOf({}, 'process/exited')],
    ['a process id that has to be escaped', messageOf({ processId: 'a"b' })],
    ['a process id with a backslash', messageOf({ processId: 'a\\b' })],
    ['a process id beyond ASCII', messageOf({ processId: 'é' })],
    ['a process id that is not text', messageOf({ processId: 1 })],
    ['a number with a fraction', messageOf({ seq: 1.5 })],
    ['a number beyond what is exact', messageOf({ seq: 1e15 })],
    ['another stream', messageOf({ stream: 'stdin' })],
    ['a further member', messageOf({ more: true })],
    ['white space', ` ${messageOf()}`],
    ['text behind it', `${messageOf()} `],
    ['text that is no base64', messageOf({ chunk: `${bulk.toString('base64')}\n` })],
    ['the other alphabet', messageOf({ chunk: '-_-_'.repeat(1000) })],
    ['two members of one name', messageOf().replace('"}}', '","chunk":"eA=="}}')],
  ])('leaves %s to the parser of JSON', (_name, message) => {
    expect(read(message)).toBeUndefined();
  });
});
