import type { Event } from '../base/event';
import { Emitter } from '../base/event';
import type { Disposable } from '../base/lifecycle';
import type { Environment } from './environment';

/** Where agents' calls go, as the user switches it. */
export type EnvironmentMode = Environment['kind'];

/** Knows which environment is current. Whoever serves a call asks at call time and keeps nothing. */
export class EnvironmentManager implements Disposable {
  private readonly modeEmitter = new Emitter<EnvironmentMode>();
  readonly onDidChangeMode: Event<EnvironmentMode> = this.modeEmitter.event;

  constructor(
    private readonly environments: Readonly<Record<EnvironmentMode, Environment>>,
    private currentMode: EnvironmentMode,
  ) {}

  get mode(): EnvironmentMode {
    return this.currentMode;
  }

  get current(): Environment {
    return this.environments[this.currentMode];
  }

  setMode(mode: EnvironmentMode): void {
    if (mode === this.currentMode) return;
    this.currentMode = mode;
    this.modeEmitter.fire(mode);
  }

  dispose(): void {
    this.modeEmitter.dispose();
  }
}
