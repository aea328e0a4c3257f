import type { Disposable } from '../../../base/lifecycle';
import type { Sandbox, SandboxType } from '../../sandbox';
import type { EnvironmentVariables } from '../childEnvironment';
import type { ProgramRequest } from '../runningProgram';
import type { ConfinedView } from './confinedView';

/** What a confined program finds around it. */
export interface Surroundings {
  readonly view: ConfinedView;
  readonly network: Sandbox['network'];
  /** Where the program starts; if that is out of its reach, at the root, as the measured peer does. */
  readonly cwd: string;
  readonly env: EnvironmentVariables;
  /** Files the program needs to run at all, whatever the view says. */
  readonly alwaysReadable?: readonly string[];
}

/** How to start a program so that it is confined from its first instruction on. Dispose after its end. */
export interface ConfinedProgram extends Disposable {
  readonly program: ProgramRequest;
  readonly type: SandboxType;
}

/** A way to confine programs on this machine. */
export interface Confinement {
  /** @throws RpcError −32600 that says what is missing. */
  check(): Promise<void>;
  /**
   * @throws RpcError −32600 when the sandbox cannot be enforced, −32603 for what could not be started
   *   without one either.
   */
  confine(program: ProgramRequest, sandbox: Sandbox): Promise<ConfinedProgram>;
}

/** A way to confine the programs of ours that perform file operations. */
export interface HelperConfinement {
  /** @throws RpcError −32600 for a rule that cannot be kept. */
  viewOf(sandbox: Sandbox, temporaryDirectory: string | undefined): Promise<ConfinedView>;
  /** Rules for what is missing are left to the program. */
  confineHelper(
    argv: readonly [string, ...string[]],
    surroundings: Surroundings,
  ): Promise<ConfinedProgram>;
}
