import { describe, expect, it } from 'vitest';
import { parseSettings } from '../../../src/extension/settingsSchema';

const read = (values: Readonly<Record<string, unknown>>) => parseSettings((key) => values[key]);

describe('settings', () => {
  it('have defaults', () => {
    expect(read({})).toEqual({
      settings: {
        environment: 'auto',
        'remote.name': '',
        'remote.url': '',
        remotes: [],
        'capabilities.exec': true,
        'capabilities.filesystem': true,
        ownerGraceSeconds: 60,
        detachedSessionTtlSeconds: 80,
        'filesystem.writeScope': 'workspace',
        allowedHosts: [],
        port: 0,
        'terminal.reveal': 'never',
      },
      problems: [],
    });
  });

  it('are taken when they make sense', () => {
    const values = {
      environment: 'remote',
      'remote.name': 'box',
      'remote.url': 'wss://one.example/',
      remotes: [
        { name: 'box', url: 'ws://127.0.0.1:4500/' },
        { name: 'ssh_1', program: 'ssh', args: ['box', 'serve'], env: { A: 'b' }, cwd: '/tmp' },
      ],
      'capabilities.exec': false,
      'capabilities.filesystem': false,
      ownerGraceSeconds: 5,
      detachedSessionTtlSeconds: 300,
      'filesystem.writeScope': 'unrestricted',
      allowedHosts: ['my-host.example'],
      port: 7001,
      'terminal.reveal': 'onError',
    };
    expect(read(values)).toEqual({ settings: values, problems: [] });
  });

  it.each([
    ['ownerGraceSeconds', 0],
    ['ownerGraceSeconds', '60'],
    ['detachedSessionTtlSeconds', Number.NaN],
    ['filesystem.writeScope', 'everywhere'],
    ['allowedHosts', ['*']],
    ['allowedHosts', ['a b']],
    ['allowedHosts', 'host'],
    ['port', 80],
    ['port', 70_000],
    ['port', 1.5],
    ['terminal.reveal', true],
    ['environment', 'none'],
    ['remote.name', 'a b'],
    ['remote.url', 'http://box.example/'],
    ['remote.url', 'ws://user:secret@box.example/'],
    ['remotes', [{ name: 'local', url: 'ws://127.0.0.1:1/' }]],
    ['remotes', [{ name: 'remote', url: 'ws://127.0.0.1:1/' }]],
    ['remotes', [{ name: 'a', url: 'ws://h/', program: 'p' }]],
    ['remotes', [{ name: 'a' }]],
    [
      'remotes',
      [
        { name: 'a', url: 'ws://h/' },
        { name: 'a', url: 'ws://i/' },
      ],
    ],
    ['capabilities.exec', 'yes'],
  ])('fall back to the default, with one warning: %s = %j', (key, value) => {
    const { settings, problems } = read({ [key]: value });
    expect(settings).toEqual(read({}).settings);
    expect(problems).toEqual([expect.stringContaining(`execServer.${key} has no usable value`)]);
  });

  it('never quote what may hold a token', () => {
    const { problems } = read({
      'remote.url': 'http://h/?token=SECRET',
      remotes: [{ name: 'no good', url: 'ws://h/?key=SECRET' }],
    });
    expect([problems.length, problems.join()]).toEqual([2, expect.not.stringContaining('SECRET')]);
  });

  it('never quote a hostile value raw', () => {
    const { problems } = read({ port: '$(trash)\n\u202e'.repeat(100) });
    expect(problems.join('')).not.toMatch(/\p{Cc}|\p{Cf}|\$\(\w/u);
    expect(problems.join('').length).toBeLessThan(200);
  });
});
