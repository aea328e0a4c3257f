import { expect, it } from 'vitest';
import type { EnvironmentView } from '../../../../src/control/messages';
import { LossWatch } from '../../../../src/extension/model/lossWatch';
import { aRemote, anEnvironment } from '../fakeControlClient';

function losses(views: readonly EnvironmentView[]): readonly boolean[] {
  const watch = new LossWatch();
  return views.map((view) => watch.isLoss(view));
}

const at = (health: EnvironmentView['health']): EnvironmentView => aRemote({ health });

it('tells a loss once, and nothing of a short one', () => {
  expect(
    losses([at('ready'), at('recovering'), at('ready'), at('recovering'), at('unreachable')]),
  ).toEqual([false, false, false, false, true]);
});

it('tells nothing while attempts fail, and a loss anew after the remote was there', () => {
  expect(
    losses([
      at('unreachable'),
      at('connecting'),
      at('unreachable'),
      at('ready'),
      at('unreachable'),
    ]),
  ).toEqual([true, false, false, false, true]);
});

it('tells the loss of another remote, and of the same one after agents were elsewhere', () => {
  const other = aRemote({
    health: 'unreachable',
    remote: { name: 'other', address: 'wss://other.example/' },
  });
  expect(losses([at('unreachable'), other, anEnvironment(), other])).toEqual([
    true,
    true,
    false,
    true,
  ]);
});
