import { describe, expect, it } from 'vitest';
import { isWithin } from '../../../../src/extension/tools/pathContainment';
import { shellCommand } from '../../../../src/extension/tools/shellCommand';
import { ToolPlace } from '../../../../src/extension/tools/toolPlace';
import { toolSurroundings } from '../../../../src/extension/tools/toolSurroundings';

const posix = new ToolPlace({
  shell: { name: 'bash', path: '/bin/bash' },
  cwd: 'file:///home/me/a%20b',
  platformOs: 'linux',
});
const windows = new ToolPlace({
  shell: { name: 'powershell', path: 'C:\\pwsh.exe' },
  cwd: 'file:///C:/work',
});

describe('ToolPlace', () => {
  it.each([
    [posix, 'x/../y', '/home/me/a b/y', 'file:///home/me/a%20b/y'],
    [posix, '/etc/p#q', '/etc/p#q', 'file:///etc/p%23q'],
    [posix, 'file:///etc/%25', '/etc/%', 'file:///etc/%25'],
    [posix, 'C:\\x', '/home/me/a b/C:\\x', 'file:///home/me/a%20b/C:%5Cx'],
    [windows, 'sub\\f', 'C:\\work\\sub\\f', 'file:///C:/work/sub/f'],
    [windows, 'D:\\x', 'D:\\x', 'file:///D:/x'],
  ])('reads paths as the environment writes them: %#', (place, text, native, uri) => {
    expect(place.resolve(text)).toEqual({ native, uri });
  });

  it('needs absolute paths where the directory is not known', () => {
    const place = new ToolPlace({ shell: { name: 'sh', path: '/bin/sh' } });
    expect(place.resolve('/x').native).toBe('/x');
    expect(() => place.resolve('x')).toThrow('must be absolute');
  });

  it('knows what is within a folder', () => {
    expect([
      isWithin('/a/b', '/a', 'posix'),
      isWithin('/a', '/a', 'posix'),
      isWithin('/a/..b', '/a', 'posix'),
      isWithin('/ab', '/a', 'posix'),
      isWithin('/', '/a', 'posix'),
      isWithin('c:\\WORK\\x', 'C:\\work', 'windows'),
      isWithin('D:\\work', 'C:\\work', 'windows'),
    ]).toEqual([true, true, true, false, false, true, false]);
  });
});

describe('shellCommand', () => {
  const bash = { name: 'bash', path: '/bin/bash' } as const;
  const powershell = { name: 'powershell', path: 'C:\\pwsh.exe' } as const;
  const cmd = { name: 'cmd', path: 'C:\\cmd.exe' } as const;
  it.each([
    [{ standard: bash, login: true }, ['/bin/bash', '-lc', 'x']],
    [{ standard: bash, login: false }, ['/bin/bash', '-c', 'x']],
    [{ standard: bash, login: true, program: '/bin/zsh' }, ['/bin/zsh', '-lc', 'x']],
    [{ standard: powershell, login: true }, ['C:\\pwsh.exe', '-Command', 'x']],
    [{ standard: powershell, login: false }, ['C:\\pwsh.exe', '-NoProfile', '-Command', 'x']],
    [{ standard: cmd, login: true }, ['C:\\cmd.exe', '/c', 'x']],
    [
      { standard: bash, login: false, program: 'PWSH.EXE' },
      ['PWSH.EXE', '-NoProfile', '-Command', 'x'],
    ],
  ])('takes the form of the shell: %#', (choice, argv) => {
    expect(shellCommand('x', choice)).toEqual(argv);
  });
});

describe('toolSurroundings', () => {
  const capabilities = { exec: true, filesystem: true };
  it('takes the folders of the window for those of this machine only', () => {
    const remote = { name: 'box', address: 'ws://127.0.0.1:1/' };
    expect([
      toolSurroundings(undefined, ['/w']),
      toolSurroundings({ mode: 'local', health: 'ready', capabilities }, ['/w']),
      toolSurroundings({ mode: 'remote', remote, health: 'ready', capabilities, cwd: '/r' }, [
        '/w',
      ]),
      toolSurroundings({ mode: 'remote', remote, health: 'connecting', capabilities }, ['/w']),
    ]).toEqual([
      { name: 'nowhere', openFolders: [] },
      { name: 'on this machine', openFolders: ['/w'] },
      { name: 'on box (ws://127.0.0.1:1/)', openFolders: ['/r'] },
      { name: 'on box (ws://127.0.0.1:1/)', openFolders: [] },
    ]);
  });
});
