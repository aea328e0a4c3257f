import * as vscode from 'vscode';
import { Emitter } from '../base/event';
import { DisposableStore } from '../base/lifecycle';
import type { Disposable } from '../base/lifecycle';
import { SETTINGS_SECTION, parseSettings } from './settingsSchema';
import type { Settings, SettingsReading } from './settingsSchema';

/** The only setting a workspace may set: it changes what is shown, not what is allowed. */
const WORKSPACE_MAY_SET: ReadonlySet<string> = new Set(['terminal.reveal']);

/** The user's settings, checked, kept current. */
export class SettingsReader implements Disposable {
  private reading: SettingsReading;
  private readonly subscriptions = new DisposableStore();
  private readonly changeEmitter = new Emitter<SettingsReading>();

  readonly onDidChange = this.changeEmitter.event;

  constructor() {
    this.reading = readAll();
    this.subscriptions.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (!event.affectsConfiguration(SETTINGS_SECTION)) return;
        this.reading = readAll();
        this.changeEmitter.fire(this.reading);
      }),
    );
  }

  get settings(): Settings {
    return this.reading.settings;
  }

  get problems(): readonly string[] {
    return this.reading.problems;
  }

  dispose(): void {
    this.subscriptions.dispose();
    this.changeEmitter.dispose();
  }
}

function readAll(): SettingsReading {
  const configuration = vscode.workspace.getConfiguration(SETTINGS_SECTION);
  return parseSettings((key) => {
    if (WORKSPACE_MAY_SET.has(key)) return configuration.get<unknown>(key);
    // `machine` scope already keeps workspace values out; reading past them does not depend on it.
    const inspected = configuration.inspect<unknown>(key);
    return inspected?.globalValue ?? inspected?.defaultValue;
  });
}
