import type { ExecutorSettings } from '../../src/control/messages';

/** What an executor of a test is set to; everything is allowed, and times are those of the settings' defaults. */
export function executorSettings(
  workspaceFolders: readonly string[],
  overrides: Partial<ExecutorSettings> = {},
): ExecutorSettings {
  return {
    workspaceFolders: [...workspaceFolders],
    writeScope: 'workspace',
    execEnabled: true,
    filesystemEnabled: true,
    allowedHosts: [],
    detachedSessionTtlSeconds: 80,
    ownerGraceSeconds: 60,
    ...overrides,
  };
}
