import { expect, it } from 'vitest';
import { switchQuestion } from '../../../../src/extension/commands/switchQuestion';

const LOCAL = { mode: 'local' } as const;
const DISABLED = { mode: 'disabled' } as const;
const BOX = { mode: 'remote', name: 'box' } as const;
const CLOUD = { mode: 'remote', name: 'cloud' } as const;

it('asks in words that are right for each direction', () => {
  const asked = [
    switchQuestion(LOCAL, DISABLED, 1),
    switchQuestion(BOX, DISABLED, 2),
    switchQuestion(LOCAL, BOX, 2),
    switchQuestion(BOX, LOCAL, 1),
    switchQuestion(BOX, CLOUD, 3),
  ];
  expect(asked.map(({ message, detail }) => `${message} ${detail}`)).toEqual([
    'Disable Exec Server? 1 process runs on this machine. Agents can no longer read output of processes that go on running, nor end them. You can.',
    'Disable Exec Server? 2 processes run on box. Agents can no longer read output of processes that go on running, nor end them. You can.',
    'Switch to box? 2 processes run on this machine. Agents can still read and end those that go on running; what they start from now on runs on box.',
    'Switch to this machine? 1 process runs on box. Agents can still read and end those that go on running; what they start from now on runs on this machine.',
    'Switch to cloud? 3 processes run on box. Agents can still read and end those that go on running; what they start from now on runs on cloud.',
  ]);
  expect(asked.map(({ terminate, keep }) => [terminate, keep]).slice(0, 2)).toEqual([
    ['Terminate 1 Running Process', 'Keep It Running'],
    ['Terminate 2 Running Processes', 'Keep Them Running'],
  ]);
});
