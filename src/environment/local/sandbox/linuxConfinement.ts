import type { Disposable } from '../../../base/lifecycle';
import { DisposableStore } from '../../../base/lifecycle';
import type { Limits } from '../../../base/limits';
import type { Logger } from '../../../base/logger';
import { spawnFailed } from '../../../protocol/errorCodes';
import type { Sandbox } from '../../sandbox';
import { AnonymousFile } from '../anonymousFile';
import type { ProgramRequest } from '../runningProgram';
import { bubblewrapArguments } from './bubblewrapArguments';
import type { ConfinedProgram, Confinement, HelperConfinement, Surroundings } from './confinement';
import type { ConfinedView } from './confinedView';
import { accessAt } from './confinedView';
import type { Bubblewrap } from './detectBubblewrap';
import { detectBubblewrap, passedSignals, restoreSignals } from './detectBubblewrap';
import { MountPoints } from './mountPoints';
import { resolveView } from './resolveView';
import { cannotConfine } from './sandboxErrors';
import { seccompFilter } from './seccompFilter';
import { requireStartable } from './startableProgram';
import { tracePath } from './tracePath';

/** What confining programs on Linux needs from its surroundings. */
export interface LinuxConfinementOptions {
  readonly limits: Limits;
  readonly logger: Logger;
  /** The executor's own `PATH`. */
  readonly executorPath: string | undefined;
  /** Files that hold tokens; no confined program may read them. */
  readonly secrets: readonly string[];
}

/** Bubblewrap takes no more options than this, some of which are ours. */
const maxOptions = 8900;

/** Confines programs with bubblewrap and a filter of system calls. See ADR 0007. */
export class LinuxConfinement implements Confinement, HelperConfinement, Disposable {
  private readonly mountPoints: MountPoints;
  private bubblewrap: Promise<Bubblewrap> | undefined;
  private filter: AnonymousFile | undefined;

  constructor(private readonly options: LinuxConfinementOptions) {
    this.mountPoints = new MountPoints(options.logger);
  }

  async check(): Promise<void> {
    await this.detect();
  }

  async confine(program: ProgramRequest, sandbox: Sandbox): Promise<ConfinedProgram> {
    const { env, cwd } = program;
    const { file, argv } = requireStartable(program, this.options.executorPath);
    const bubblewrap = await this.detect();
    const view = await this.viewOf(sandbox, env['TMPDIR']);
    // Bubblewrap would say so on the program's output.
    if (accessAt(view.places, realPathOf(file)) === 'none') throw spawnFailed('ENOENT');
    const { network } = sandbox;
    const request = { view, network, cwd: realPathOf(cwd), env };
    return this.wrap(bubblewrap, request, argv, {
      guardMissing: true,
      passSignals: canRestoreSignals(bubblewrap, view, argv[0]),
    });
  }

  async viewOf(sandbox: Sandbox, temporaryDirectory: string | undefined): Promise<ConfinedView> {
    const { secrets, limits } = this.options;
    return resolveView(sandbox, { secrets, limits, temporaryDirectory });
  }

  /** A program of ours, for which no folders are made: it keeps the rules for missing places itself. */
  async confineHelper(
    argv: readonly [string, ...string[]],
    request: Surroundings,
  ): Promise<ConfinedProgram> {
    const bubblewrap = await this.detect();
    return this.wrap(bubblewrap, request, argv, { guardMissing: false, passSignals: false });
  }

  dispose(): void {
    this.filter?.dispose();
    this.filter = undefined;
  }

  private wrap(
    { bwrap, shell, env }: Bubblewrap,
    request: Surroundings,
    argv: readonly [string, ...string[]],
    how: { readonly guardMissing: boolean; readonly passSignals: boolean },
  ): ConfinedProgram {
    const store = new DisposableStore();
    try {
      const missing = request.view.places.filter((place) => place.missing === true);
      const paths = missing.map(({ path }) => path);
      const mountPoints = store.add(this.mountPoints.hold(how.guardMissing ? paths : []));
      const places = request.view.places.filter(
        (place) => place.missing !== true || mountPoints.held.has(place.path),
      );
      const view = { ...request.view, places };
      const options = bubblewrapArguments({ ...request, view });
      if (options.length > maxOptions) {
        throw cannotConfine('the environment and the rules are too many for bubblewrap');
      }
      const held = store.add(holdData(Buffer.from(`${options.join('\0')}\0`)));
      const filter = request.network === 'restricted' ? this.filterPath() : '/dev/null';
      const inner = how.passSignals && env !== undefined ? [env, restoreSignals, '--'] : [];
      return {
        program: {
          argv: [
            shell,
            '-c',
            launchScript(how.passSignals, request.network),
            'sh',
            ...[held.path, filter, bwrap],
            ...[...inner, ...argv],
          ],
          // Nothing the program's environment names may be loaded while there is no sandbox yet.
          env: {},
          cwd: request.cwd,
          arg0: undefined,
        },
        type: 'linuxSeccomp',
        dispose: () => {
          store.dispose();
        },
      };
    } catch (error) {
      store.dispose();
      throw error;
    }
  }

  private detect(): Promise<Bubblewrap> {
    const { executorPath, limits } = this.options;
    if (this.bubblewrap === undefined) {
      const detection = detectBubblewrap(executorPath, limits.sandboxStartMs);
      // Somebody may install it in the meantime.
      detection.catch(() => {
        if (this.bubblewrap === detection) this.bubblewrap = undefined;
      });
      this.bubblewrap = detection;
    }
    return this.bubblewrap;
  }

  private filterPath(): string {
    const { arch } = process;
    if (arch !== 'x64' && arch !== 'arm64') {
      throw cannotConfine(`the network cannot be taken away on a ${arch} processor`);
    }
    this.filter ??= holdData(seccompFilter(arch));
    return this.filter.path;
  }
}

/** Opens what bubblewrap is to read and becomes it. `$1` holds its options, `$2` the filter. */
function launchScript(passSignals: boolean, network: Sandbox['network']): string {
  const ignore = passSignals ? `trap '' ${passedSignals.join(' ')}; ` : '';
  const seccomp = network === 'restricted' ? ' --seccomp 9' : '';
  return `${ignore}exec 8<"$1" 9<"$2"; b=$3; shift 3; exec "$b" --args 8${seccomp} -- "$@"`;
}

function canRestoreSignals({ env }: Bubblewrap, view: ConfinedView, program: string): boolean {
  // `env` would take such a name for a variable.
  if (env === undefined || program.includes('=')) return false;
  return accessAt(view.places, realPathOf(env)) !== 'none';
}

/** Of something that was there a moment ago. */
function realPathOf(path: string): string {
  const trace = tracePath(path);
  return typeof trace === 'string' ? path : trace.realPath;
}

/**
 * Bytes for bubblewrap to read. What a sandbox is made of must not stand where another sandboxed program
 * may write, such as in the temporary folder.
 */
function holdData(data: Buffer): AnonymousFile {
  const file = AnonymousFile.create();
  try {
    file.write(data);
    return file;
  } catch (error) {
    file.dispose();
    throw error;
  }
}
