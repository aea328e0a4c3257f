import { closeSync, openSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { drainDescriptor } from '../../../../src/environment/local/drainDescriptor';
import { temporaryFolder } from '../../../support/temporaryFolder';

const openText = async (text: string): Promise<number> => {
  const file = path.join(await temporaryFolder(), 'text');
  writeFileSync(file, text);
  const fd = openSync(file, 'r');
  onTestFinished(() => closeSync(fd));
  return fd;
};

it('takes out everything, in pieces as long as the block', async () => {
  const fd = await openText('0123456789');
  const pieces: string[] = [];
  drainDescriptor(fd, Buffer.alloc(4), (bytes) => {
    pieces.push(bytes.toString());
    return true;
  });
  expect(pieces).toEqual(['0123', '4567', '89']);
});

it('does not touch a descriptor again that was closed by whoever took a piece', async () => {
  const fd = await openText('0123456789');
  const pieces: string[] = [];
  drainDescriptor(fd, Buffer.alloc(4), (bytes) => {
    pieces.push(bytes.toString());
    return false;
  });
  expect(pieces).toEqual(['0123']);
});
