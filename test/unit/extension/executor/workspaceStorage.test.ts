import { expect, it } from 'vitest';
import { sharedStoragePath } from '../../../../src/extension/executor/workspaceStorage';

it.each([
  ['/user/workspaceStorage/-3fe21c3b/a.b', '/user/workspaceStorage/-3fe21c3b/a.b'],
  ['/user/workspaceStorage/-3fe21c3b-1/a.b', '/user/workspaceStorage/-3fe21c3b/a.b'],
  ['/user/workspaceStorage/-12345678/a.b', '/user/workspaceStorage/-12345678/a.b'],
  ['/user/workspaceStorage/3fe21c3b-12/a.b', '/user/workspaceStorage/3fe21c3b/a.b'],
  [
    '/user/workspaceStorage/0cc175b9c0f1b6a831c399e269772661-2/a.b',
    '/user/workspaceStorage/0cc175b9c0f1b6a831c399e269772661/a.b',
  ],
  ['/user/workspaceStorage/ext-dev/a.b', '/user/workspaceStorage/ext-dev/a.b'],
])('finds the folder that windows share behind %s', (given, shared) => {
  expect(sharedStoragePath(given)).toBe(shared);
});
