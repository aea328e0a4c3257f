import { expect, it } from 'vitest';
import { ensureBubblewrap } from '../../host/ensureBubblewrap.mjs';
import { ControlWindow, startControlled } from '../../support/controlHarness';

it('tells a window whether programs can be confined here', async () => {
  const expected = { isAvailable: process.platform === 'darwin' || ensureBubblewrap() };
  const window = await ControlWindow.open(await startControlled());
  expect(await window.client.request('sandbox/check', {})).toEqual(expected);
});
