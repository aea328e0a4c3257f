import { expect, it } from 'vitest';
import { loginVariables } from '../../../../src/environment/local/loginVariables';

it('tells which variables a login set, changed and unset, but for those every shell sets itself', () => {
  const before = { SAME: '1', CHANGED: '1', GONE: '1', PWD: '/a', SHLVL: '1', OLDPWD: '/o' };
  const after = {
    SAME: '1',
    CHANGED: '2',
    ADDED: '',
    PWD: '/b',
    SHLVL: '2',
    _: '/usr/bin/env',
    'BASH_FUNC_f%%': '() { :; }',
  };
  expect(loginVariables(before, after)).toEqual({
    set: { CHANGED: '2', ADDED: '' },
    unset: ['GONE'],
  });
});
