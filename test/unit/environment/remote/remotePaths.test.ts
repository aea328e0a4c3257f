import { describe, expect, it } from 'vitest';
import { RemotePaths } from '../../../../src/environment/remote/remotePaths';
import { RpcError, invalidParams } from '../../../../src/protocol/errorCodes';

const absent = new RpcError(-32004, 'No such file or directory (os error 2)');

/** A server that takes some texts and refuses the others; it notes what it was sent. */
function server(takes: RegExp, answer: () => string = () => 'taken') {
  const sent: string[] = [];
  return {
    sent,
    ask: (paths: RemotePaths, path: string, use: 'cwd' | 'fs' = 'fs') =>
      paths.send(use, async (write) => {
        sent.push(write(path));
        await Promise.resolve();
        if (!takes.test(write(path))) throw invalidParams('it is no path');
        return answer();
      }),
  };
}

describe('the paths of a remote', () => {
  it('go in the form its release takes', async () => {
    const uris = server(/^file:/);
    const natives = server(/^\//);
    await uris.ask(new RemotePaths('posix', 'uri'), '/a b');
    await natives.ask(new RemotePaths('posix', 'native'), '/a b');
    expect([uris.sent, natives.sent]).toEqual([['file:///a%20b'], ['/a b']]);
  });

  it('go in the other form once the first was refused, for each use by itself', async () => {
    const paths = new RemotePaths('posix', 'uri');
    const { ask, sent } = server(/^\//);
    const answers = [await ask(paths, '/a'), await ask(paths, '/b'), await ask(paths, '/c', 'cwd')];
    expect([answers, sent]).toEqual([
      ['taken', 'taken', 'taken'],
      ['file:///a', '/a', '/b', 'file:///c', '/c'],
    ]);
  });

  it('are not tried again in the other form once one was taken', async () => {
    const paths = new RemotePaths('posix', 'uri');
    const { ask, sent } = server(/good/);
    await ask(paths, '/good');
    await expect(ask(paths, '/bad')).rejects.toThrow('it is no path');
    expect(sent).toEqual(['file:///good', 'file:///bad']);
  });

  it('are refused with the first words when neither form is taken', async () => {
    const paths = new RemotePaths('posix', 'uri');
    const refusals = ['first', 'second'];
    const refuse = () =>
      paths.send('fs', () => Promise.reject(invalidParams(refusals.shift() ?? '')));
    await expect(refuse()).rejects.toThrow('first');
    expect(refusals).toEqual([]);
  });

  it('were taken when something else went wrong with them', async () => {
    const paths = new RemotePaths('posix', 'uri');
    const { ask, sent } = server(/^\//, () => {
      throw absent;
    });
    await expect(ask(paths, '/a')).rejects.toThrow(absent);
    await expect(ask(paths, '/b')).rejects.toThrow(absent);
    expect(sent).toEqual(['file:///a', '/a', '/b']);
  });

  it('are read back in the style of the remote', () => {
    expect([
      new RemotePaths('posix', 'uri').read('file:///a%20b'),
      new RemotePaths('posix', 'uri').read('/a b'),
      new RemotePaths('windows', 'uri').read('file:///C:/a%20b'),
      new RemotePaths('windows', 'native').read('C:\\a'),
    ]).toEqual(['/a b', '/a b', 'C:\\a b', 'C:\\a']);
    expect(() => new RemotePaths('windows', 'uri').read('/a')).toThrow(
      'answered with a path that means nothing there',
    );
  });
});
