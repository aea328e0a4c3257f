import { existsSync } from 'node:fs';
import type { Sandbox } from '../../sandbox';
import type { ProgramRequest } from '../runningProgram';
import type { ConfinedView } from './confinedView';
import type { ConfinedProgram, Confinement, HelperConfinement, Surroundings } from './confinement';
import type { GlobLimits } from './expandGlob';
import { resolveView } from './resolveView';
import { cannotConfine } from './sandboxErrors';
import { seatbeltProfile } from './seatbeltProfile';
import { requireStartable } from './startableProgram';

/** The system's own; one from a search path could be anything. */
const SANDBOX_EXEC = '/usr/bin/sandbox-exec';

export interface MacConfinementOptions {
  readonly limits: GlobLimits;
  readonly executorPath: string | undefined;
  readonly secrets: readonly string[];
}

/** Confines programs with the sandbox of macOS. The program itself is what runs under our pid. */
export class MacConfinement implements Confinement, HelperConfinement {
  constructor(private readonly options: MacConfinementOptions) {}

  check(): Promise<void> {
    if (existsSync(SANDBOX_EXEC)) return Promise.resolve();
    return Promise.reject(cannotConfine(`${SANDBOX_EXEC} is not there`));
  }

  async confine(program: ProgramRequest, sandbox: Sandbox): Promise<ConfinedProgram> {
    const { env, cwd } = program;
    const { argv } = requireStartable(program, this.options.executorPath);
    const view = await this.viewOf(sandbox, env['TMPDIR']);
    return this.confineHelper(argv, { view, network: sandbox.network, cwd, env });
  }

  viewOf(sandbox: Sandbox, temporaryDirectory: string | undefined): Promise<ConfinedView> {
    const { secrets, limits } = this.options;
    return resolveView(sandbox, { secrets, limits, temporaryDirectory });
  }

  async confineHelper(
    argv: readonly [string, ...string[]],
    surroundings: Surroundings,
  ): Promise<ConfinedProgram> {
    await this.check();
    const { cwd, env } = surroundings;
    return {
      program: {
        argv: [SANDBOX_EXEC, '-p', seatbeltProfile(surroundings), '--', ...argv],
        env,
        cwd,
        arg0: undefined,
      },
      type: 'macosSeatbelt',
      dispose: () => undefined,
    };
  }
}
