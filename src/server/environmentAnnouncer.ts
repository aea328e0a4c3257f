import { toError } from '../base/errors';
import type { Event } from '../base/event';
import { Emitter } from '../base/event';
import type { Disposable } from '../base/lifecycle';
import type { Logger } from '../base/logger';
import type { EnvironmentSource } from '../environment/environmentSource';
import { encodeNotification } from '../protocol/envelope';
import type { DescriptionPatience } from './environmentDescription';
import { describeIfKnown } from './environmentDescription';

export interface EnvironmentAnnouncerOptions extends DescriptionPatience {
  readonly environments: EnvironmentSource;
  readonly logger: Logger;
}

/**
 * Makes one notification of each change of the environment, for all who want to hear of it. A remote that
 * cannot be reached yet is announced when it is; of changes in quick succession the last is told.
 */
export class EnvironmentAnnouncer implements Disposable {
  private readonly announceEmitter = new Emitter<string>();
  private readonly subscription: Disposable;
  private round = 0;
  /** Nothing where the place could not be asked: who came meanwhile has heard nothing of it. */
  private lastTold: string | undefined;

  /** Fires with the encoded notification. */
  readonly onDidAnnounce: Event<string> = this.announceEmitter.event;

  constructor(private readonly options: EnvironmentAnnouncerOptions) {
    this.subscription = options.environments.onDidChange((change) => {
      if (change !== 'health') this.lastTold = undefined;
      this.announce();
    });
  }

  dispose(): void {
    this.round += 1;
    this.subscription.dispose();
    this.announceEmitter.dispose();
  }

  private announce(): void {
    this.round += 1;
    if (this.announceEmitter.hasListeners) void this.tell(this.round);
  }

  private async tell(round: number): Promise<void> {
    const { environments, logger } = this.options;
    try {
      const info = await describeIfKnown(environments.current, this.options);
      if (round !== this.round) return;
      const text = info === undefined ? undefined : encodeNotification('environment/changed', info);
      if (text === this.lastTold) return;
      this.lastTold = text;
      if (text !== undefined) this.announceEmitter.fire(text);
    } catch (error) {
      logger.error('failed to announce the environment', { cause: toError(error).message });
    }
  }
}
