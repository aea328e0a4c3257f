import { expect, it } from 'vitest';
import { withRemote } from '../../../../src/extension/environment/remoteList';

const A = { name: 'a', url: 'wss://a/' };
const B = { name: 'b', program: 'ssh', args: ['b'] };

it('adds a remote at the end, replaces one in its place, and never writes its token', () => {
  const entered = { name: 'c', endpoint: { url: 'wss://c/', token: 'SECRET' } };
  expect([
    withRemote([A, B], entered, undefined),
    withRemote([A, B], entered, 'a'),
    withRemote([A, B], { name: 'b', endpoint: { program: 'x', env: { K: 'v' } } }, 'b'),
    withRemote([A], { name: 'a', endpoint: { url: 'wss://other/' } }, undefined),
  ]).toEqual([
    [A, B, { name: 'c', url: 'wss://c/' }],
    [{ name: 'c', url: 'wss://c/' }, B],
    [A, { name: 'b', program: 'x', env: { K: 'v' } }],
    [{ name: 'a', url: 'wss://other/' }],
  ]);
});
