import { ok } from './harness/agent';
import { CUT, STAYS } from './harness/agent';
import { conformance } from './harness/conformance';
import { differs, wording } from './harness/difference';
import { resume } from './harness/resume';

const MIB = 1024 * 1024;

/** A harmless request of so many bytes. */
function requestOf(bytes: number): string {
  const [head, tail] = ['{"id":1,"method":"environment/status","padding":"', '"}'];
  return head + 'x'.repeat(bytes - head.length - tail.length) + tail;
}

/** A message in frames of 8 MiB. */
function inFrames(message: string): string[] {
  const count = Math.ceil(message.length / (8 * MIB));
  return Array.from({ length: count }, (_, index) =>
    message.slice(index * 8 * MIB, (index + 1) * 8 * MIB),
  );
}

const tooComplex = (ours: string, peer: string): unknown => {
  const text = 'failed to parse websocket JSON-RPC message from exec-server websocket <address>: ';
  return { error: { code: -32600, message: wording(text + ours, text + peer) }, id: -1 };
};

const ready = { id: 1, result: { status: 'ready' } };

conformance('limits of messages', (scenario) => {
  scenario('a frame of 16 MiB is taken', async (stage) => {
    const agent = await stage.open();
    await agent.says([requestOf(16 * MIB)], [ready]);
  });

  scenario('a frame of more', async (stage) => {
    const agent = await stage.open();
    await agent.suffers(
      requestOf(16 * MIB + 1),
      differs({
        ours: STAYS,
        peer: CUT,
        because: 'what counts for memory is the message, and its bound is the same for both',
      }),
    );
  });

  scenario('a message of 63 MiB in several frames is taken', async (stage) => {
    const agent = await stage.open();
    await agent.suffers(inFrames(requestOf(63 * MIB)), STAYS);
  });

  scenario('a message of more than 64 MiB ends the connection, not the session', async (stage) => {
    const agent = await stage.open();
    await agent.suffers(
      inFrames(requestOf(64 * MIB + 1)),
      differs({
        ours: { code: 1009, reason: 'a message may have at most 67108864 bytes' },
        peer: CUT,
        because: 'a close code says what was wrong',
      }),
    );
    await resume(stage, agent);
  });

  scenario('262144 JSON values are taken, more are refused', async (stage) => {
    const agent = await stage.open();
    // The object, the id, the method and the list are values too.
    const list = (count: number): string =>
      `{"id":1,"method":"environment/status","more":[${Array(count).fill('0').join(',')}]}`;
    const refusal = 'JSON-RPC message exceeds the limit of 262144 JSON values';
    await agent.says(
      [list(262_144 - 4), list(262_144 - 3)],
      [ready, tooComplex(refusal, `${refusal} at line 1 column 524326`)],
    );
  });

  scenario('nesting is bounded', async (stage) => {
    const agent = await stage.open();
    const nested = (depth: number): string =>
      `{"id":1,"method":"environment/status","more":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    await agent.says(
      [nested(126), nested(128)],
      [
        ready,
        tooComplex(
          'JSON-RPC message exceeds the limit of 128 nesting levels',
          'recursion limit exceeded at line 1 column 172',
        ),
      ],
    );
  });

  scenario('an answer may be longer than a question', async (stage) => {
    const agent = await stage.open();
    const megabytes = 20;
    await agent.runs(stage.shell('mk', `head -c ${megabytes}M /dev/zero > big`));
    await agent.asks(
      'fs/readFile',
      { path: stage.uri('big') },
      ok({ dataBase64: Buffer.alloc(megabytes * MIB).toString('base64') }),
    );
  });
});
