import { describe, expect, it } from 'vitest';
import { nullLogger } from '../../../../src/base/logger';
import type { ProcessView } from '../../../../src/control/messages';
import type { ModelProcess } from '../../../../src/extension/model/executorModel';
import { ExecPseudoterminal } from '../../../../src/extension/terminals/execPseudoterminal';
import { FakeControlClient, aProcess, aSnapshot } from '../fakeControlClient';
import { FakeClock, settled } from '../../../support/fakeClock';

const VIEW = 7;

function modelProcess(changes: Partial<ProcessView> = {}): ModelProcess {
  return { ...aProcess(changes), key: 'i/1', sessionKey: 'i/s', isLost: false, isReachable: true };
}

function openTerminal(
  changes: Partial<ProcessView> = {},
  beforeOpen: Partial<ProcessView> = changes,
) {
  const clock = new FakeClock();
  const client = new FakeControlClient(aSnapshot());
  const facts: string[] = [];
  const terminal = new ExecPseudoterminal({
    process: modelProcess(changes),
    client,
    viewId: VIEW,
    clock,
    logger: nullLogger,
    announce: (fact) => facts.push(fact),
  });
  let screen = '';
  const names: string[] = [];
  terminal.onDidWrite((text) => (screen += text));
  terminal.onDidChangeName((name) => names.push(name));
  terminal.update(modelProcess(beforeOpen));
  terminal.open({ rows: 24, columns: 80 });
  return {
    client,
    terminal,
    clock,
    names,
    facts,
    screen: async () => {
      await clock.advanceSettled(1000);
      // eslint-disable-next-line no-control-regex -- styles are of no interest here
      return screen.replace(/\u001b\[[\d;?!]*[a-z]/g, '');
    },
    written: () =>
      client.requests
        .filter(({ method }) => method === 'input/write')
        .map(({ params }) => decoded(params)),
  };
}

function decoded(params: unknown): string {
  const { dataBase64 } = params as { dataBase64: string };
  return Buffer.from(dataBase64, 'base64').toString();
}

describe('ExecPseudoterminal', () => {
  it('opens a view, follows the size and shows output, decoded across pieces', async () => {
    const { client, screen } = openTerminal();
    const bytes = Buffer.from('grüße 😀\n');
    for (const byte of bytes) client.output(VIEW, Buffer.from([byte]));
    client.output(VIEW + 1, 'of another view');
    expect(await screen()).toBe('grüße 😀\n');
    expect(client.requests).toEqual([
      { method: 'view/open', params: { serial: 1, viewId: VIEW } },
      { method: 'process/resize', params: { serial: 1, rows: 24, cols: 80 } },
    ]);
    expect(client.acknowledged).toEqual([bytes.length]);
  });

  it('tells what is no longer kept, and how the process ended', async () => {
    const { client, screen, terminal } = openTerminal();
    client.output(VIEW, 'tail', 4096);
    client.endView(VIEW, 3);
    client.close();
    expect(await screen()).toBe(
      '\r\n[4096 bytes of earlier output are no longer kept]\r\ntail\r\n[process exited with code 3]\r\n',
    );
    terminal.handleInput('x');
    expect(client.methods()).not.toContain('input/write');
  });

  it('keeps the clipboard out of it', async () => {
    const { client, screen } = openTerminal();
    client.output(VIEW, 'a\u001b]52;c;');
    client.output(VIEW, 'c2VjcmV0\u0007b');
    expect(await screen()).toBe('ab');
  });

  it('adds carriage returns for a process without a terminal, and never resizes it', async () => {
    const { client, screen } = openTerminal({ tty: false });
    client.output(VIEW, 'one\ntwo\r\n');
    expect(await screen()).toBe('one\r\ntwo\r\n');
    expect(client.methods()).toEqual(['view/open']);
  });

  it('writes a flood in bounded pieces and acknowledges only what it wrote', async () => {
    const { client, clock, screen } = openTerminal();
    for (let i = 0; i < 8; i++) client.output(VIEW, 'x'.repeat(32 * 1024));
    await clock.advanceSettled(16);
    expect(client.acknowledged).toEqual([64 * 1024]);
    expect(await screen()).toHaveLength(256 * 1024);
    expect(client.acknowledged).toEqual([65_536, 65_536, 65_536, 65_536]);
  });

  it('ignores keys while the agent has the input, and says once how to take over', async () => {
    const { client, terminal, screen, facts } = openTerminal();
    for (const key of ['\u001b[<0;1;1M', '\u001b[I', 'r', 'm', '\u0003', '\r']) {
      terminal.handleInput(key);
    }
    expect([facts, await screen()]).toEqual([['readOnly'], '']);
    expect(client.methods()).toEqual(['view/open', 'process/resize']);
  });

  it('sends keys once the user has taken over, a paste in bounded pieces', async () => {
    const { terminal, names, written, client } = openTerminal();
    terminal.update(modelProcess({ inputHolder: 'user' }));
    terminal.handleInput('y\r\u0003');
    terminal.handleInput('p'.repeat(10_000));
    await settled();
    await settled();
    expect(names).toEqual(['npm test (yours)']);
    expect(written().map((text) => text.length)).toEqual([3, 4096, 4096, 1808]);
    terminal.update(modelProcess());
    terminal.handleInput('too late');
    await settled();
    expect(written()).toHaveLength(4);
    expect(client.methods()).not.toContain('input/handBack');
  });

  it('tells on opening what has changed since it was made', async () => {
    const { names, facts, screen } = openTerminal({}, { inputHolder: 'user' });
    expect(names).toEqual(['npm test (yours)']);
    expect([facts, await screen()]).toEqual([['takenOver'], '']);
    expect(new Set(names)).toEqual(new Set(['npm test (yours)']));
  });

  it('does not send what is still queued when the input goes back', async () => {
    const { terminal, written } = openTerminal();
    terminal.update(modelProcess({ inputHolder: 'user' }));
    terminal.handleInput('secret');
    terminal.update(modelProcess());
    await settled();
    expect(written()).toEqual([]);
  });

  it('edits lines for a process without a terminal', async () => {
    const { terminal, written, client, screen } = openTerminal({ tty: false });
    terminal.update(modelProcess({ tty: false, inputHolder: 'user' }));
    terminal.handleInput('abx\u007fc\u001b[D\r');
    terminal.handleInput('gone\u0015\u0003');
    await settled();
    expect(written()).toEqual(['abc\n']);
    expect(client.requests).toContainEqual({
      method: 'process/signal',
      params: { serial: 1, signal: 'interrupt' },
    });
    expect(await screen()).toContain('abx\b \bc\r\n');
  });

  it('cuts input to a program that does not read', () => {
    const { terminal, facts } = openTerminal();
    terminal.update(modelProcess({ inputHolder: 'user' }));
    terminal.handleInput('x'.repeat(1024 * 1024));
    terminal.handleInput('y');
    expect(facts).toEqual(['takenOver', 'inputDropped']);
  });

  it('hands the input back when the user closes the terminal', async () => {
    const { terminal, client } = openTerminal();
    terminal.update(modelProcess({ inputHolder: 'user' }));
    terminal.close();
    await settled();
    expect(client.methods().slice(-2)).toEqual(['view/close', 'input/handBack']);
  });

  it('says that a process was lost with its executor', async () => {
    const { client, screen, terminal } = openTerminal();
    client.close();
    expect(await screen()).toContain('what became of this process is not known');
    expect(terminal.isStale).toBe(true);
  });

  it('has a short name without anything hidden, with the state', () => {
    const { terminal } = openTerminal({ argv: ['sh', '-c', `$(trash)\u202e\n${'x'.repeat(99)}`] });
    expect(terminal.name).toMatch(/^\$ \(trash\) ⏎ x+…$/);
    terminal.update(modelProcess({ state: 'closed', exitCode: 2 }));
    expect(terminal.name).toBe('npm test (exited 2)');
  });
});
