import { PATIENCE_MS, base64, ok, refused } from './harness/agent';
import type { OpenAgent, Stage } from './harness/conformance';
import { conformance } from './harness/conformance';
import { differs } from './harness/difference';
import { makeGates } from './harness/gate';

interface ReadResult {
  readonly chunks: readonly {
    readonly seq: number;
    readonly stream: string;
    readonly chunk: string;
  }[];
  readonly nextSeq: number;
  readonly exited: boolean;
  readonly closed: boolean;
}

/** A program that writes five pieces of 100 bytes, each in a chunk of its own. */
async function fivePieces(stage: Stage): Promise<OpenAgent> {
  const agent = await stage.open();
  const script = 'while read piece; do printf "%0100d" $piece; done';
  await agent.result('process/start', stage.shell('p', script, { pipeStdin: true }));
  for (let piece = 1; piece <= 5; piece += 1) {
    const chunk = base64(`${piece}\n`);
    await agent.result('process/write', { processId: 'p', chunk, writeId: `w${piece}` });
    await agent.hearsText('p', String(piece).padStart(100, '0'));
  }
  return agent;
}

const piece = (seq: number) => ({
  seq,
  stream: 'stdout',
  chunk: base64(String(seq).padStart(100, '0')),
});

const state = (exitCode: number | null) => ({
  exited: exitCode !== null,
  exitCode,
  closed: exitCode !== null,
  failure: null,
  sandboxDenied: false,
});

conformance('process/read', (scenario) => {
  scenario('gives the chunks after a cursor, and how the process stands', async (stage) => {
    const agent = await stage.open();
    await agent.runsInOrder(stage.shell('p', 'echo hi; read go; exit 3'), 'hi');
    const chunk = { seq: 1, stream: 'stdout', chunk: base64('hi\n') };
    await agent.talks([
      ['process/read', { processId: 'p' }, ok({ chunks: [chunk], nextSeq: 4, ...state(3) })],
      [
        'process/read',
        { processId: 'p', afterSeq: null, maxBytes: null, waitMs: null },
        ok({ chunks: [chunk], nextSeq: 4, ...state(3) }),
      ],
      // Exit and close have a number and no chunk: a reader infers them.
      [
        'process/read',
        { processId: 'p', afterSeq: 1, waitMs: PATIENCE_MS },
        ok({ chunks: [], nextSeq: 4, ...state(3) }),
      ],
      [
        'process/read',
        { processId: 'p', afterSeq: 99, waitMs: PATIENCE_MS },
        ok({ chunks: [], nextSeq: 4, ...state(3) }),
      ],
    ]);
  });

  scenario('maxBytes counts decoded bytes, and the first chunk always comes', async (stage) => {
    const agent = await fivePieces(stage);
    const read = (more: object, chunks: readonly object[], nextSeq: number) =>
      [
        'process/read',
        { processId: 'p', ...more },
        ok({ chunks, nextSeq, ...state(null) }),
      ] as const;
    await agent.talks([
      read({ maxBytes: 0 }, [piece(1)], 2),
      read({ maxBytes: 1 }, [piece(1)], 2),
      read({ maxBytes: 100 }, [piece(1)], 2),
      read({ maxBytes: 199 }, [piece(1)], 2),
      read({ maxBytes: 200 }, [piece(1), piece(2)], 3),
      read({ maxBytes: 250, afterSeq: 2 }, [piece(3), piece(4)], 5),
      read({ maxBytes: 65_536 }, [1, 2, 3, 4, 5].map(piece), 6),
      read({ maxBytes: 65_536, afterSeq: 5 }, [], 6),
      read({}, [1, 2, 3, 4, 5].map(piece), 6),
    ]);
    await agent.call('process/terminate', { processId: 'p' });
  });

  scenario(
    'with maxBytes the next number follows the last chunk, not the process',
    async (stage) => {
      const agent = await stage.open();
      await agent.runsInOrder(stage.shell('p', 'echo hi; read go'), 'hi');
      const chunk = { seq: 1, stream: 'stdout', chunk: base64('hi\n') };
      await agent.asks(
        'process/read',
        { processId: 'p', maxBytes: 65_536 },
        ok({ chunks: [chunk], nextSeq: 2, ...state(0) }),
      );
    },
  );

  scenario('counts and cursors are not negative', async (stage) => {
    const agent = await stage.open();
    await agent.runs(stage.shell('p', 'true'));
    for (const name of ['afterSeq', 'maxBytes', 'waitMs']) {
      await agent.refuses('process/read', { processId: 'p', [name]: -1 }, -32602);
    }
  });

  scenario('an unknown process is an error', async (stage) => {
    const agent = await stage.open();
    await agent.asks(
      'process/read',
      { processId: 'nope' },
      refused(-32600, 'unknown process id nope'),
    );
  });

  scenario('a read waits for output', async (stage) => {
    const agent = await stage.open();
    const gates = await makeGates(stage, 'say');
    const script = 'read go < say; echo a; read x';
    await agent.result('process/start', stage.shell('p', script, { pipeStdin: true }));
    const waiting = agent.call('process/read', { processId: 'p', waitMs: PATIENCE_MS });
    await gates.open('say');
    agent.sees(
      await waiting,
      ok({
        chunks: [{ seq: 1, stream: 'stdout', chunk: base64('a\n') }],
        nextSeq: 2,
        ...state(null),
      }),
    );
    await agent.call('process/terminate', { processId: 'p' });
  });

  scenario('a read waits for the exit', async (stage) => {
    const agent = await stage.open();
    const gates = await makeGates(stage, 'end');
    await agent.result('process/start', stage.shell('p', 'read go < end; exit 2'));
    const waiting = agent.result<ReadResult>('process/read', {
      processId: 'p',
      waitMs: PATIENCE_MS,
    });
    await gates.open('end');
    const { exited, chunks } = await waiting;
    agent.sees({ exited, chunks }, { exited: true, chunks: [] });
  });

  scenario('after the exit a read waits for the late output of a grandchild', async (stage) => {
    const agent = await stage.open();
    const gates = await makeGates(stage, 'late');
    const script = '(read go < late; echo late) & echo main; read go; exit 4';
    await agent.result('process/start', stage.shell('p', script, { pipeStdin: true }));
    await agent.hearsText('p', 'main');
    await agent.tells('p', 'go\n');
    await agent.hears('p', 'process/exited');
    await agent.hearsText('p', 'main');
    const waiting = agent.result<ReadResult>('process/read', {
      processId: 'p',
      afterSeq: 2,
      waitMs: PATIENCE_MS,
    });
    await gates.open('late');
    const { chunks } = await waiting;
    agent.sees(chunks, [{ seq: 3, stream: 'stdout', chunk: base64('late\n') }]);
    await agent.lifeOf('p');
    await agent.asks(
      'process/read',
      { processId: 'p' },
      ok({
        chunks: [
          { seq: 1, stream: 'stdout', chunk: base64('main\n') },
          { seq: 3, stream: 'stdout', chunk: base64('late\n') },
        ],
        nextSeq: 5,
        ...state(4),
      }),
    );
  });

  scenario('a read that waits in vain answers without chunks', async (stage) => {
    const agent = await stage.open();
    await agent.result('process/start', stage.shell('p', 'read x', { pipeStdin: true }));
    await agent.asks(
      'process/read',
      { processId: 'p', waitMs: 20 },
      ok({ chunks: [], nextSeq: 1, ...state(null) }),
    );
    await agent.call('process/terminate', { processId: 'p' });
  });

  scenario('the newest mebibyte of output is kept, in whole chunks', async (stage) => {
    const agent = await stage.open();
    const life = await agent.runs(stage.shell('p', 'seq 1 1000000'));
    const all = life.bytes('stdout');
    const { chunks, nextSeq } = await agent.result<ReadResult>('process/read', { processId: 'p' });
    const kept = Buffer.concat(chunks.map(({ chunk }) => Buffer.from(chunk, 'base64')));
    const seqs = chunks.map(({ seq }) => seq);
    agent.sees(
      {
        isTheEnd: all.subarray(all.length - kept.length).equals(kept),
        isWithin: kept.length <= 1_048_576,
        isNearlyAll: kept.length > 1_048_576 - life.longestChunk,
        seqs,
        nextSeq,
      },
      {
        isTheEnd: true,
        isWithin: true,
        isNearlyAll: true,
        seqs: life.outputSeqs.slice(-seqs.length),
        nextSeq: life.lastSeq + 1,
      },
    );
  });

  scenario('whether a waiting read holds up the requests behind it', async (stage) => {
    const agent = await stage.open();
    const gates = await makeGates(stage, 'end');
    await agent.result('process/start', stage.shell('p', 'read go < end'));
    const order: string[] = [];
    const read = agent.call('process/read', { processId: 'p', waitMs: PATIENCE_MS }).then(() => {
      order.push('process/read');
    });
    const status = agent.call('environment/status').then(() => {
      order.push('environment/status');
    });
    // The read has nothing to tell before the gate is open.
    if (stage.side === 'ours') await status;
    await gates.open('end');
    await Promise.all([read, status]);
    agent.sees(
      order,
      differs({
        ours: ['environment/status', 'process/read'],
        peer: ['process/read', 'environment/status'],
        because: 'a client that waits for one program must still be able to end another',
      }),
    );
  });
});
