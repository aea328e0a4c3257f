import { describe, expect, it } from 'vitest';
import { Deferred } from '../../../../src/base/deferred';
import { Emitter } from '../../../../src/base/event';
import type { Disposable } from '../../../../src/base/lifecycle';
import { RegisteredTools } from '../../../../src/extension/tools/registeredTools';
import { ToolInput } from '../../../../src/extension/tools/toolInput';
import type { AgentAddress, ToolConnection } from '../../../../src/extension/tools/toolSession';
import { ToolSession } from '../../../../src/extension/tools/toolSession';
import { toolTable } from '../../../../src/extension/tools/toolTable';
import type { ClientState } from '../../../../src/client/execServerClient';

class FakeConnection implements ToolConnection {
  private readonly stateEmitter = new Emitter<ClientState>();
  readonly onDidChangeState = this.stateEmitter.event;
  isDisposed = false;

  end(): void {
    this.stateEmitter.fire({ kind: 'ended', reason: 'gone' });
  }

  dispose(): void {
    this.isDisposed = true;
  }
}

function openSession() {
  const changes = new Emitter<void>();
  const connections: FakeConnection[] = [];
  const state = { address: undefined as AgentAddress | undefined };
  const session = new ToolSession<FakeConnection>({
    address: () => state.address,
    onDidChange: changes.event,
    connect: () => {
      const connection = new FakeConnection();
      connections.push(connection);
      return Promise.resolve(connection);
    },
  });
  const move = (address: AgentAddress | undefined): void => {
    state.address = address;
    changes.fire();
  };
  return { session, connections, move };
}

const first = { url: 'ws://127.0.0.1:1/', token: 'a' };

describe('ToolSession', () => {
  it('connects at the first call and keeps the connection', async () => {
    const { session, connections, move } = openSession();
    move(first);
    expect(connections).toEqual([]);
    expect(await session.client()).toBe(await session.client());
    move({ ...first });
    expect(connections.map(({ isDisposed }) => isDisposed)).toEqual([false]);
  });

  it('says what to do when no executor runs', async () => {
    const { session } = openSession();
    await expect(session.client()).rejects.toThrow('Exec Server: Start');
  });

  it('lets go when the executor goes, and connects again with another token or after an end', async () => {
    const { session, connections, move } = openSession();
    move(first);
    await session.client();
    move(undefined);
    move({ ...first, token: 'b' });
    const second = await session.client();
    second.end();
    await session.client();
    session.dispose();
    expect(connections.map(({ isDisposed }) => isDisposed)).toEqual([true, true, true]);
    await expect(session.client()).rejects.toThrow('not running');
  });

  it('tries again after a failure, and drops what connects too late', async () => {
    const changes = new Emitter<void>();
    const attempts: Deferred<FakeConnection>[] = [];
    const session = new ToolSession<FakeConnection>({
      address: () => first,
      onDidChange: changes.event,
      connect: () => {
        const attempt = new Deferred<FakeConnection>();
        attempts.push(attempt);
        return attempt.promise;
      },
    });
    const failing = session.client();
    attempts[0]?.reject(new Error('refused'));
    await expect(failing).rejects.toThrow('refused');
    const late = session.client();
    session.dispose();
    const connection = new FakeConnection();
    attempts[1]?.resolve(connection);
    await late;
    expect([attempts.length, connection.isDisposed]).toEqual([2, true]);
  });
});

describe('RegisteredTools', () => {
  it('follows every capability by itself', () => {
    const registered = new Set<string>();
    const tools = new RegisteredTools(toolTable, ({ name }): Disposable => {
      registered.add(name.replace('execServer_', ''));
      return { dispose: () => registered.delete(name.replace('execServer_', '')) };
    });
    const offered = (exec: boolean, filesystem: boolean): string[] => {
      tools.offer({ exec, filesystem });
      return [...registered].sort();
    };
    const commands = ['exec_command', 'write_stdin'];
    const files = ['apply_patch', 'list_dir', 'read_file', 'view_image'];
    expect([
      offered(true, false),
      offered(true, true),
      offered(false, true),
      offered(false, false),
    ]).toEqual([commands, [...commands, ...files].sort(), files, []]);
    offered(true, true);
    tools.dispose();
    tools.offer({ exec: true, filesystem: true });
    expect([...registered]).toEqual([]);
  });
});

describe('ToolInput', () => {
  it('checks what a model wrote', () => {
    const input = new ToolInput({ text: 'a', flag: true, count: 3, nothing: null, half: 0.5 });
    expect([
      input.text('text'),
      input.optionalFlag('flag'),
      input.count('count'),
      input.optionalText('nothing'),
      input.countWithin('count', 9, { min: 5, max: 7 }),
      input.countWithin('absent', 6, { min: 5, max: 7 }),
    ]).toEqual(['a', true, 3, undefined, 5, 6]);
    expect(() => input.text('count')).toThrow('`count` must be a string');
    expect(() => input.text('absent')).toThrow('`absent` is missing');
    expect(() => input.optionalFlag('text')).toThrow('`text` must be true or false');
    expect(() => input.count('half')).toThrow('`half` must be a whole number');
    expect(() => new ToolInput('x').text('text')).toThrow('`text` is missing');
  });
});
