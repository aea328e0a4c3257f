import { describe, expect, it } from 'vitest';
import { base64, untilText } from '../../support/processCalls';
import { ControlWindow, startControlled } from '../../support/controlHarness';
import { until } from '../../support/processFixtures';
import { WireClient, startParams } from '../../support/wireClient';

describe('control channel: views', () => {
  const program = 'seq 1 30000; read -r line; seq 30001 60000';
  const start = { pipeStdin: true };
  const goOn = { processId: 'p', chunk: base64('\n') };

  it.each(['before', 'while', 'after'])(
    'shows exactly the bytes of a process that finishes %s the view opens',
    async (when) => {
      const server = await startControlled();
      const agent = await WireClient.open(server.url);
      const window = await ControlWindow.open(server);
      await agent.request('process/start', startParams('p', program, start));
      const serial = await window.serialOf('p');
      let opened: Promise<number> | undefined;
      if (when === 'after') {
        opened = window.view(serial);
        await window.until(() => window.bytesOf(1).includes('30000\n'), 'the first half is shown');
      }
      await untilText(agent, 'p', '\n30000\n');
      const written = agent.request('process/write', goOn);
      if (when === 'while') opened = window.view(serial);
      await written;
      const bytes = await agent.outputOf('p');
      opened ??= window.view(serial);
      const viewId = await opened;
      await window.until(() => window.shown(viewId).ended !== undefined, 'the view has ended');
      expect({
        same: window.bytesOf(viewId).equals(bytes),
        bytes: bytes.length,
        dropped: window.shown(viewId).dropped,
        ended: window.shown(viewId).ended,
      }).toEqual({ same: true, bytes: 348_894, dropped: [], ended: { exitCode: 0 } });
    },
  );

  it('tells a viewer that comes late how much is no longer kept', async () => {
    const server = await startControlled({ limits: { maxRetainedOutputBytes: 100_000 } });
    const agent = await WireClient.open(server.url);
    await agent.request('process/start', startParams('p', 'seq 1 60000'));
    const bytes = await agent.outputOf('p');
    const window = await ControlWindow.open(server);
    const viewId = await window.view(await window.serialOf('p'));
    await window.until(() => window.shown(viewId).ended !== undefined, 'the view has ended');
    const shown = window.bytesOf(viewId);
    const [dropped = 0, ...more] = window.shown(viewId).dropped;
    expect({
      accounted: dropped + shown.length,
      isTail: bytes.subarray(-shown.length).equals(shown),
      bounded: shown.length <= 100_000,
      more,
    }).toEqual({ accounted: bytes.length, isTail: true, bounded: true, more: [] });
  });

  it('stops at its window for a viewer that is stuck, and neither process nor agent waits', async () => {
    const viewerWindowBytes = 64 * 1024;
    const server = await startControlled({ limits: { viewerWindowBytes } });
    const agent = await WireClient.open(server.url);
    const window = await ControlWindow.open(server, { acknowledges: false });
    await agent.request(
      'process/start',
      startParams('p', 'read -r line; seq 1 20000; read -r line; seq 20001 2000000', {
        pipeStdin: true,
      }),
    );
    const viewId = await window.view(await window.serialOf('p'));
    await agent.request('process/write', goOn);
    // What fills the window is less than what is kept, so nothing of it can have been dropped.
    await window.until(
      () => window.bytesOf(viewId).length >= viewerWindowBytes,
      'the window is full',
    );
    await agent.request('process/write', { ...goOn, writeId: 'again' });
    const bytes = await agent.outputOf('p');
    await window.until(() => window.process('p')?.state === 'closed', 'the process is closed');
    const stuckAt = window.bytesOf(viewId).length;
    const endedWhileStuck = window.shown(viewId).ended;
    window.client.acknowledge(viewId, stuckAt);
    let acknowledged = stuckAt;
    await window.until(() => {
      const shown = window.bytesOf(viewId).length;
      if (shown > acknowledged) window.client.acknowledge(viewId, shown - acknowledged);
      acknowledged = shown;
      return window.shown(viewId).ended !== undefined;
    }, 'the view has caught up');
    const shown = window.bytesOf(viewId);
    const dropped = window.shown(viewId).dropped.reduce((sum, count) => sum + count, 0);
    expect({
      agentBytes: bytes.length,
      startsEqual: bytes.subarray(0, stuckAt).equals(shown.subarray(0, stuckAt)),
      endsEqual: bytes.subarray(-(shown.length - stuckAt)).equals(shown.subarray(stuckAt)),
      bounded: stuckAt >= viewerWindowBytes && stuckAt < viewerWindowBytes + 128 * 1024,
      endedWhileStuck,
      accounted: dropped + shown.length,
    }).toEqual({
      agentBytes: 14_888_896,
      startsEqual: true,
      endsEqual: true,
      bounded: true,
      endedWhileStuck: undefined,
      accounted: 14_888_896,
    });
  });

  it('lets two windows follow one process, each at its own pace', async () => {
    const server = await startControlled();
    const agent = await WireClient.open(server.url);
    const quick = await ControlWindow.open(server);
    const stuck = await ControlWindow.open(server, { acknowledges: false });
    await agent.request('process/start', startParams('p', program, start));
    const serial = await quick.serialOf('p');
    const view = await quick.view(serial);
    await stuck.view(serial);
    await agent.request('process/write', goOn);
    const bytes = await agent.outputOf('p');
    await quick.until(() => quick.shown(view).ended !== undefined, 'the quick view has ended');
    expect(quick.bytesOf(view).equals(bytes)).toBe(true);
  });

  it('refuses a view number that is taken and frees it when the view is closed', async () => {
    const server = await startControlled();
    const agent = await WireClient.open(server.url);
    await agent.request('process/start', startParams('p', 'echo hello'));
    await agent.outputOf('p');
    await agent.request('process/start', startParams('q', 'read -r line', { pipeStdin: true }));
    const window = await ControlWindow.open(server);
    const running = await window.serialOf('q');
    await window.client.request('view/open', { serial: running, viewId: 9 });
    await expect(
      window.client.request('view/open', { serial: running, viewId: 9 }),
    ).rejects.toMatchObject({ code: -32600, message: 'view 9 is already open' });
    await window.client.request('view/close', { viewId: 9 });
    await window.client.request('view/open', { serial: await window.serialOf('p'), viewId: 9 });
    await window.until(() => window.shown(9).ended !== undefined, 'the view has ended');
    expect(window.bytesOf(9).toString()).toBe('hello\n');
  });

  it('stays readable after the session has forgotten the process', async () => {
    const server = await startControlled({ limits: { closedProcessRetentionMs: 1 } });
    const agent = await WireClient.open(server.url);
    const window = await ControlWindow.open(server);
    await agent.request('process/start', startParams('p', 'echo hello; exit 4'));
    const serial = await window.serialOf('p');
    const [session] = server.executor.server.sessions.all;
    await until(() => [...(session?.processes ?? [])].length === 0, 'the session forgets it');
    const viewId = await window.view(serial);
    await window.until(() => window.shown(viewId).ended !== undefined, 'the view has ended');
    expect({
      text: window.bytesOf(viewId).toString(),
      ended: window.shown(viewId).ended,
      agent: await agent.call('process/read', { processId: 'p' }),
    }).toEqual({
      text: 'hello\n',
      ended: { exitCode: 4 },
      agent: { error: { code: -32600, message: 'unknown process id p' } },
    });
  });

  it('refuses to show output that had to make room, and still lists the process', async () => {
    const server = await startControlled({
      limits: { closedProcessRetentionMs: 1, maxRememberedOutputBytes: 10 },
    });
    const agent = await WireClient.open(server.url);
    const window = await ControlWindow.open(server);
    await agent.request('process/start', startParams('p', 'echo more than ten bytes'));
    const serial = await window.serialOf('p');
    await until(() => server.control.state.find(serial) === undefined, 'the output is released');
    await expect(window.view(serial)).rejects.toMatchObject({
      code: -32600,
      message: 'the output of this process is no longer kept',
    });
    expect(server.control.snapshot().processes.map(({ processId }) => processId)).toEqual(['p']);
  });
});

describe('control channel: the keyboard', () => {
  async function catUnderControl() {
    const server = await startControlled();
    const agent = await WireClient.open(server.url);
    await agent.request('process/start', startParams('cat', ['/bin/cat'], { pipeStdin: true }));
    const window = await ControlWindow.open(server);
    const serial = await window.serialOf('cat');
    const typeAsAgent = (text: string): Promise<unknown> =>
      agent.request('process/write', { processId: 'cat', chunk: base64(text) });
    const type = (text: string, by = window): Promise<unknown> =>
      by.client.request('input/write', { serial, dataBase64: base64(text) });
    return { server, agent, window, serial, typeAsAgent, type };
  }

  it('goes to the user and back, and each of them reaches the process only in turn', async () => {
    const { agent, window, serial, typeAsAgent, type } = await catUnderControl();
    const answers = [await type('too early\n'), await typeAsAgent('one\n')];
    await window.client.request('input/takeOver', { serial });
    await window.until(() => window.process('cat')?.inputHolder === 'user', 'the user holds it');
    answers.push(await typeAsAgent('lost\n'));
    answers.push(await agent.request('process/closeStdin', { processId: 'cat' }));
    answers.push(await type('two\n'));
    await window.client.request('input/handBack', { serial });
    answers.push(await type('too late\n'), await typeAsAgent('three\n'));
    expect({ answers, text: await untilText(agent, 'cat', 'three\n') }).toEqual({
      answers: [
        { status: 'notHeld' },
        { status: 'accepted' },
        { status: 'starting' },
        { status: 'starting' },
        { status: 'accepted' },
        { status: 'notHeld' },
        { status: 'accepted' },
      ],
      text: 'one\ntwo\nthree\n',
    });
  });

  it('goes back to the agent when the window goes', async () => {
    const { server, window, serial, typeAsAgent } = await catUnderControl();
    const witness = await ControlWindow.open(server);
    await window.client.request('input/takeOver', { serial });
    await witness.until(() => witness.process('cat')?.inputHolder === 'user', 'the user holds it');
    window.client.dispose();
    await witness.until(() => witness.process('cat')?.inputHolder === 'agent', 'it is handed back');
    expect(await typeAsAgent('again\n')).toEqual({ status: 'accepted' });
  });

  it('stays with the window that took it last when the one before it goes', async () => {
    const { server, window, serial, type, typeAsAgent } = await catUnderControl();
    const next = await ControlWindow.open(server);
    await window.client.request('input/takeOver', { serial });
    await next.client.request('input/takeOver', { serial });
    const gone = new Promise<void>((resolve) => {
      server.control.onDidChangeOwners(() => {
        resolve();
      });
    });
    window.client.dispose();
    await gone;
    expect([await typeAsAgent('lost\n'), await type('kept\n', next)]).toEqual([
      { status: 'starting' },
      { status: 'accepted' },
    ]);
  });

  it('cannot be taken of a process that has no input, has ended or is not known', async () => {
    const server = await startControlled();
    const agent = await WireClient.open(server.url);
    await agent.request(
      'process/start',
      startParams('mute', 'echo ready; while :; do sleep 1; done'),
    );
    await agent.request('process/start', startParams('ended', ['/bin/cat'], { pipeStdin: true }));
    await agent.request('process/closeStdin', { processId: 'ended' });
    await agent.outputOf('ended');
    const window = await ControlWindow.open(server);
    const refusal = (serial: number): Promise<unknown> =>
      window.client.request('input/takeOver', { serial }).catch((error: unknown) => String(error));
    expect({
      mute: await refusal(await window.serialOf('mute')),
      ended: await refusal(await window.serialOf('ended')),
      unknown: await refusal(4711),
      writeToEnded: await window.client.request('input/write', {
        serial: await window.serialOf('ended'),
        dataBase64: '',
      }),
    }).toEqual({
      mute: 'RpcError: this process was started without an input; there is nothing to type into',
      ended: 'RpcError: this process has ended',
      unknown: 'RpcError: the output of this process is no longer kept',
      writeToEnded: { status: 'ended' },
    });
  });

  it('does not hold up other requests while the program does not read', async () => {
    const server = await startControlled({ limits: { maxQueuedStdinBytes: 64 * 1024 } });
    const agent = await WireClient.open(server.url);
    await agent.request(
      'process/start',
      startParams('deaf', 'echo ready; while :; do sleep 1; done', { pipeStdin: true }),
    );
    const window = await ControlWindow.open(server);
    const serial = await window.serialOf('deaf');
    await window.client.request('input/takeOver', { serial });
    const order: string[] = [];
    const stuck = window.client
      .request('input/write', {
        serial,
        dataBase64: Buffer.alloc(1024 * 1024).toString('base64'),
      })
      .then(() => order.push('write'));
    const answer = await window.client.request('process/terminate', { serial });
    order.push('terminate');
    await stuck;
    expect({ answer, order }).toEqual({ answer: { running: true }, order: ['terminate', 'write'] });
  });
});
