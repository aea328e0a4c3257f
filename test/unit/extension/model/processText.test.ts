import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import {
  commandText,
  pastableCommand,
  quotePosix,
  quotePowerShell,
} from '../../../../src/extension/model/processText';

describe('process text', () => {
  it.each([
    [['/bin/bash', '-lc', 'npm test'], 'npm test'],
    [['sh', '-c', "echo 'a b'"], "echo 'a b'"],
    [['C:\\Program Files\\PowerShell\\pwsh.exe', '-Command', 'Get-Item .'], 'Get-Item .'],
    [['cmd.exe', '/c', 'dir'], 'dir'],
    [['bash', '-lc', 'echo $0', 'evil'], "bash -lc 'echo $0' evil"],
    [['python', '-c', 'print(1)'], "python -c 'print(1)'"],
    [['notbash', '-c', 'x'], 'notbash -c x'],
    [['git', 'commit', '-m', "it's"], "git commit -m 'it'\\''s'"],
    [['printf', ''], "printf ''"],
    [[], ''],
  ])('shows %j as %s', (argv, text) => {
    expect(commandText(argv)).toBe(text);
  });

  it('quotes so that a shell reads the same arguments', () => {
    const argv = ['a b', "it's", '$HOME', '`id`', '\\', '*', '~', '', 'x\ny', '!', '-n'];
    const script = `printf '%s\\0' ${argv.map(quotePosix).join(' ')}`;
    const read = execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' });
    expect(read.split('\0').slice(0, -1)).toEqual(argv);
  });

  it('doubles every kind of quote PowerShell knows', () => {
    expect(quotePowerShell("a'b\u2019c")).toBe("'a''b\u2019\u2019c'");
  });

  it('calls the program in PowerShell', () => {
    expect(pastableCommand(['C:\\a b.exe', 'x'], 'win32')).toBe("& 'C:\\a b.exe' 'x'");
    expect(pastableCommand(['/bin/echo', 'a b'], 'linux')).toBe("/bin/echo 'a b'");
  });
});
