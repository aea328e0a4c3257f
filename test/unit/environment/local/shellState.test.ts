import { describe, expect, it } from 'vitest';
import type { ShellFamily } from '../../../../src/environment/local/shellState';
import {
  readShellState,
  restoringScript,
  shellFamilies,
} from '../../../../src/environment/local/shellState';

function familyOf(name: string): ShellFamily {
  const family = shellFamilies.get(name);
  if (family === undefined) throw new Error(`There is no ${name}`);
  return family;
}

const told = 'set +o noglob\nshopt -s extglob\n\0f () \n{ \n    :\n}\n\0A=1\0B=x=\ny\0complete\0';

describe('the state of a shell', () => {
  it('is a script and the variables after it', () => {
    const state = readShellState(familyOf('bash'), Buffer.from(told));
    expect({ ...state, variables: { ...state?.variables } }).toEqual({
      script: 'set +o noglob\nshopt -s extglob\n\nf () \n{ \n    :\n}\n',
      variables: { A: '1', B: 'x=\ny' },
    });
  });

  it('is nothing wherever it breaks off', () => {
    const bytes = Buffer.from(told);
    const broken = Array.from({ length: bytes.length }, (_, end) => bytes.subarray(0, end));
    expect(broken.filter((part) => readShellState(familyOf('bash'), part) !== undefined)).toEqual(
      [],
    );
  });

  it('leaves out options that cannot be set, and only there', () => {
    const lines = (name: string, options: readonly string[]): readonly string[] => {
      const text = `${options.join('\n')}\0shopt -s login_shell\nset -o login\0complete\0`;
      return readShellState(familyOf(name), Buffer.from(text))?.script.split('\n') ?? [];
    };
    const definitions = ['shopt -s login_shell', 'set -o login'];
    expect([
      lines('bash', ['shopt -s login_shell', 'shopt -u compat31', 'shopt -s compat31', 'umask 02']),
      lines('zsh', ['set -o login', 'set +o nozle', 'set +o norcs', 'zmodload zsh/zle']),
    ]).toEqual([
      ['shopt -s compat31', 'umask 02', ...definitions],
      ['set +o norcs', 'zmodload -i zsh/zle', ...definitions],
    ]);
  });

  it('keeps bytes that are no UTF-8, and gives the variable that led to it back first', () => {
    const bytes = Buffer.concat([Buffer.from('umask 022\0alias a='), Buffer.from([0xff, 0xc3])]);
    const family = familyOf('bash');
    const state = readShellState(family, Buffer.concat([bytes, Buffer.from('\0complete\0')]));
    if (state === undefined) throw new Error('There is no state');
    const script = restoringScript(family, state, "/it's £");
    expect(script.toString('latin1')).toBe(
      `\\builtin export BASH_ENV='/it'\\''s Â£'\numask 022\nalias a=\xff\xc3`,
    );
    expect(restoringScript(family, state).toString().split('\n', 1)).toEqual([
      '\\builtin unset BASH_ENV',
    ]);
  });
});
