import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { exitCodeOf } from '../../../../src/environment/local/exitCode';
import {
  findProgram,
  workingDirectoryError,
} from '../../../../src/environment/local/programLookup';
import { throughRenamer } from '../../../../src/environment/local/renamedProgram';

const folder = mkdtempSync(path.join(tmpdir(), 'program-lookup-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, mode: number): string => {
  const full = path.join(folder, name);
  mkdirSync(path.dirname(full), { recursive: true });
  writeFileSync(full, '');
  chmodSync(full, mode);
  return full;
};
const plain = file('first/tool', 0o644);
const tool = file('second/tool', 0o755);

const missing = { found: false, errorCode: 'ENOENT' };
const denied = { found: false, errorCode: 'EACCES' };

it('finds a program as execvp does', () => {
  const search = (...parts: string[]): string =>
    parts.map((part) => path.join(folder, part)).join(':');
  expect({
    passesOver: findProgram('tool', '/', search('none', 'first', 'second')),
    remembers: findProgram('tool', '/', search('first', 'none')),
    absent: findProgram('other', '/', search('first', 'second')),
    emptyPartIsCwd: findProgram('tool', path.join(folder, 'second'), ''),
    relativePath: findProgram('./tool', path.join(folder, 'second'), '/nope'),
    absolute: findProgram(tool, '/nope', ''),
    notExecutable: findProgram(plain, '/', ''),
    folder: findProgram(folder, '/', ''),
    nothing: findProgram('', '/', '/bin'),
    byDefault: findProgram('sh', '/'),
  }).toEqual({
    passesOver: { found: true, file: tool },
    remembers: denied,
    absent: missing,
    emptyPartIsCwd: { found: true, file: tool },
    relativePath: { found: true, file: tool },
    absolute: { found: true, file: tool },
    notExecutable: denied,
    folder: denied,
    nothing: missing,
    byDefault: { found: true, file: '/bin/sh' },
  });
});

it('tells what is wrong with a working directory', () => {
  expect([folder, tool, `${folder}/none`, `${tool}/x`].map(workingDirectoryError)).toEqual([
    undefined,
    'ENOTDIR',
    'ENOENT',
    'ENOTDIR',
  ]);
});

it('reports 128 plus the signal, and otherwise one byte of the code', () => {
  expect([
    exitCodeOf(0, null),
    exitCodeOf(300, null),
    exitCodeOf(null, 'SIGKILL'),
    exitCodeOf(0, 15),
    exitCodeOf(3, 0),
    exitCodeOf(null, null),
  ]).toEqual([0, 44, 137, 143, 3, 0]);
});

it('renames a program through a shell, or says that there is none', () => {
  const program = { arg0: 'name', file: '/bin/x', args: ['a b'], env: { PWD: '/' } };
  expect(throughRenamer({ ...program, executorPath: '/bin' })).toEqual([
    '/bin/bash',
    '-p',
    '-c',
    'unset -v OLDPWD; exec -a "$0" "$@"',
    'name',
    '/bin/x',
    'a b',
  ]);
  expect(() => throughRenamer({ ...program, executorPath: folder })).toThrow('needs bash');
});
