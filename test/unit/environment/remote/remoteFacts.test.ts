import { describe, expect, it } from 'vitest';
import {
  capabilitiesOf,
  environmentInfoOf,
  pathStyleOf,
} from '../../../../src/environment/remote/remoteFacts';
import type { EnvironmentInfoResponse } from '../../../../src/protocol/environmentMessages';

const bash = { name: 'bash', path: '/bin/bash' } as const;
const read = (text: string): string => `native ${text}`;

describe('what a remote tells', () => {
  it('is taken over with native paths, and of features those that work through us', () => {
    const told: EnvironmentInfoResponse = {
      shell: bash,
      executorVersion: '0.169.0',
      cwd: 'cwd',
      userHomeDir: 'home',
      platformOs: 'macos',
      prependPathDirs: ['bin'],
      temporaryDirectories: ['one', 'two'],
      tempDir: 'tmp',
      capabilities: { fsWatchMissing: true, shellSnapshotV2: false, networkProxyLaunch: true },
    };
    expect(environmentInfoOf(told, read)).toEqual({
      shell: bash,
      executorVersion: '0.169.0',
      cwd: 'native cwd',
      userHomeDir: 'native home',
      platformOs: 'macos',
      temporaryDirectories: ['native one', 'native two'],
      tempDir: 'native tmp',
      features: { fsWatchMissing: true },
    });
  });

  it('may be nothing but a shell', () => {
    expect(environmentInfoOf({ shell: bash }, read)).toEqual({
      shell: bash,
      platformOs: 'linux',
      temporaryDirectories: [],
      features: {},
    });
  });

  it.each<[EnvironmentInfoResponse, string]>([
    [{ shell: bash }, 'posix'],
    [{ shell: bash, platformOs: 'macos' }, 'posix'],
    [{ shell: { name: 'cmd', path: 'C:\\Windows\\System32\\cmd.exe' } }, 'windows'],
    [{ shell: { name: 'bash', path: 'bash' }, platformOs: 'windows' }, 'windows'],
  ])('says how paths are written there: %j', (told, style) => {
    expect(pathStyleOf(told)).toBe(style);
  });

  it('says what may be done there, which is everything where nothing is said', () => {
    expect([
      capabilitiesOf({ shell: bash }),
      capabilitiesOf({ shell: bash, capabilities: { fsWatchMissing: true } }),
      capabilitiesOf({ shell: bash, capabilities: { exec: false, filesystem: true } }),
      capabilitiesOf({ shell: bash, capabilities: { filesystem: false } }),
    ]).toEqual([
      { exec: true, filesystem: true },
      { exec: true, filesystem: true },
      { exec: false, filesystem: true },
      { exec: true, filesystem: false },
    ]);
  });
});
