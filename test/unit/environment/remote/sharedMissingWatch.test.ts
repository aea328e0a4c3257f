import { describe, expect, it } from 'vitest';
import { nullLogger } from '../../../../src/base/logger';
import { RemoteLink } from '../../../../src/environment/remote/remoteLink';
import { SharedMissingWatch } from '../../../../src/environment/remote/sharedMissingWatch';
import type { Sandbox } from '../../../../src/environment/sandbox';
import { FakeClock } from '../../../support/fakeClock';
import { FakeExecServerClient } from '../../../support/fakeExecServerClient';

interface WatchParams {
  readonly watchId: number;
  readonly missing: readonly string[];
  readonly present?: string;
}

/** A watch over a server that says what a test wants; `told` names who heard of a change. */
function openWatch(features: Record<string, boolean> = { fsWatchMissing: true }) {
  const client = new FakeExecServerClient();
  client.environmentInfo = { ...client.environmentInfo, capabilities: features };
  const asked: WatchParams[] = [];
  const answers: (boolean | (() => boolean))[] = [];
  client.answers.set('fs/watchMissing', (params) => {
    asked.push(params as WatchParams);
    const answer = answers.shift() ?? true;
    return { watching: typeof answer === 'function' ? answer() : answer };
  });
  const link = new RemoteLink({
    name: 'builder',
    open: () => Promise.resolve(client),
    keepsTrying: false,
    limits: { remoteRetryMs: 1, maxRemoteRetryMs: 1 },
    clock: new FakeClock(),
    logger: nullLogger,
  });
  const watch = new SharedMissingWatch(link, { maxWatchedPaths: 3 });
  const told: string[] = [];
  const add = async (missing: string[], present?: string, sandbox?: Sandbox) =>
    watch.add({ missing, present }, sandbox, () => told.push(missing.join()));
  return { client, asked, answers, told, add };
}

const fileUris = (paths: readonly string[]) => paths.map((path) => `file://${path}`);

describe('the one watch of a connection', () => {
  it('watches what all want, and tells each of them once', async () => {
    const { client, asked, told, add } = openWatch();
    await add(['/a', '/b'], '/present');
    await add(['/b', '/c']);
    client.fireMissing(2);
    client.fireMissing(2);
    expect([asked.map(({ missing, present }) => [missing, present]), told]).toEqual([
      [
        [fileUris(['/a', '/b']), 'file:///present'],
        [fileUris(['/a', '/b', '/c']), 'file:///present'],
      ],
      ['/a,/b', '/b,/c'],
    ]);
  });

  it('is not for what does not go together, and stays as it was', async () => {
    const { client, asked, told, add } = openWatch();
    const readOnly: Sandbox = { files: [], network: 'restricted' };
    await add(['/a', '/b'], '/present');
    const answers = [
      await add(['/c', '/d']),
      await add(['/a'], '/other'),
      await add(['/a'], undefined, readOnly),
    ];
    client.fireMissing(1);
    expect([answers, asked.length, told]).toEqual([
      [undefined, undefined, undefined],
      1,
      ['/a,/b'],
    ]);
  });

  it('is put back when a wider one is refused', async () => {
    const { client, asked, answers, told, add } = openWatch();
    await add(['/a']);
    answers.push(false);
    const refused = await add(['/there']);
    client.fireMissing(3);
    expect([refused, asked.map(({ missing }) => missing), told]).toEqual([
      undefined,
      [fileUris(['/a']), fileUris(['/a', '/there']), fileUris(['/a'])],
      ['/a'],
    ]);
  });

  it('has fired when it cannot be put back', async () => {
    const { answers, told, add } = openWatch();
    await add(['/a']);
    answers.push(false, false);
    await add(['/there']);
    expect(told).toEqual(['/a']);
  });

  it('is not armed when it fires together with its answer', async () => {
    const { client, answers, told, add } = openWatch();
    await add(['/a']);
    answers.push(() => {
      client.fireMissing(2);
      return true;
    });
    expect([await add(['/b']), told]).toEqual([undefined, ['/a']]);
  });

  it('has fired when its connection is lost', async () => {
    const { client, told, add } = openWatch();
    await add(['/a']);
    await add(['/b']);
    client.setState({ kind: 'recovering', reason: 'the line was cut' });
    expect(told).toEqual(['/a', '/b']);
  });

  it('tells nothing to those who have gone, and no longer watches for them', async () => {
    const { client, asked, told, add } = openWatch();
    (await add(['/a']))?.dispose();
    await add(['/b']);
    client.fireMissing(2);
    expect([asked.map(({ missing }) => missing), told]).toEqual([
      [fileUris(['/a']), fileUris(['/b'])],
      ['/b'],
    ]);
  });

  it('is not asked for where there is none', async () => {
    const { asked, add } = openWatch({});
    expect([await add(['/a']), asked]).toEqual([undefined, []]);
  });
});
