import { describe, expect, it } from 'vitest';
import { parseSettings } from '../../../src/extension/settingsSchema';

const read = (values: Readonly<Record<string, unknown>>) => parseSettings((key) => values[key]);

describe('settings', () => {
  it('have defaults', () => {
    expect(read({})).toEqual({
      settings: {
        ownerGraceSeconds: 60,
        detachedSessionTtlSeconds: 80,
        'filesystem.writeScope': 'workspace',
        allowedHosts: [],
        port: 0,
        'terminal.reveal': 'never',
      },
      problems: [],
    });
  });

  it('are taken when they make sense', () => {
    const values = {
      ownerGraceSeconds: 5,
      detachedSessionTtlSeconds: 300,
      'filesystem.writeScope': 'unrestricted',
      allowedHosts: ['my-host.example'],
      port: 7001,
      'terminal.reveal': 'onError',
    };
    expect(read(values)).toEqual({ settings: values, problems: [] });
  });

  it.each([
    ['ownerGraceSeconds', 0],
    ['ownerGraceSeconds', '60'],
    ['detachedSessionTtlSeconds', Number.NaN],
    ['filesystem.writeScope', 'everywhere'],
    ['allowedHosts', ['*']],
    ['allowedHosts', ['a b']],
    ['allowedHosts', 'host'],
    ['port', 80],
    ['port', 70_000],
    ['port', 1.5],
    ['terminal.reveal', true],
  ])('fall back to the default, with one warning: %s = %j', (key, value) => {
    const { settings, problems } = read({ [key]: value });
    expect(settings).toEqual(read({}).settings);
    expect(problems).toEqual([expect.stringContaining(`execServer.${key} has no usable value`)]);
  });

  it('never quote a hostile value raw', () => {
    const { problems } = read({ port: '$(trash)\n\u202e'.repeat(100) });
    expect(problems.join('')).not.toMatch(/\p{Cc}|\p{Cf}|\$\(\w/u);
    expect(problems.join('').length).toBeLessThan(200);
  });
});
