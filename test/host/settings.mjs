/**
 * User settings of every test window: nothing pops up, nothing asks, nothing is fetched, and the page is readable.
 *
 * @type {Record<string, unknown>}
 */
export const QUIET_SETTINGS = {
  // No first-run pages, no chat.
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.welcomePage.experimentalOnboarding': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.enableExperiments': false,
  'chat.disableAIFeatures': true,
  'chat.commandCenter.enabled': false,
  // No questions, and dialogs that are part of the page.
  'security.workspace.trust.enabled': false,
  'window.confirmBeforeClose': 'never',
  'window.dialogStyle': 'custom',
  'files.simpleDialog.enable': true,
  // No requests, no work of built-in extensions.
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
  'remote.autoForwardPorts': false,
  'npm.autoDetect': 'off',
  'typescript.tsserver.enabled': false,
  // Terminal text is in the page only where the page draws it, not the graphics card.
  'terminal.integrated.gpuAcceleration': 'off',
  'terminal.integrated.enablePersistentSessions': false,
  // The same look on every machine.
  'window.autoDetectColorScheme': false,
  'window.autoDetectHighContrast': false,
  'window.commandCenter': false,
  'workbench.layoutControl.enabled': false,
};

/** Values for the setting `workbench.colorTheme`. */
export const COLOR_THEMES = {
  dark: 'Dark Modern',
  light: 'Light Modern',
  highContrast: 'Default High Contrast',
  highContrastLight: 'Default High Contrast Light',
};
