/*
 * One scenario, two servers. A scenario is written once, in terms of the wire, and played on our server
 * and on the one that comes with the Codex CLI; both must answer what the scenario says. Where ours
 * differs on purpose, `differs` states both answers and the reason.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, it, onTestFinished } from 'vitest';
import { makeFolder } from '../../support/temporaryFolder';
import { WireClient } from '../../support/wireClient';
import type { WireClientOptions } from '../../support/wireClient';
import { Agent } from './agent';
import type { StartParams } from './agent';
import { sides } from './difference';
import type { Side } from './difference';
import { startServer } from './server';
import type { RunningServer, ServerOptions } from './server';

/** What a scenario has to play with. */
export interface Stage {
  readonly side: Side;
  readonly server: RunningServer;
  /** A folder of this scenario alone, with its real path. */
  readonly folder: string;
  /** The URI of a place in it. */
  readonly uri: (...names: string[]) => string;
  /** Connects and says nothing. */
  readonly connect: (options?: WireClientOptions & { readonly url?: string }) => Promise<Agent>;
  /** Connects and completes the handshake. */
  readonly open: (options?: { readonly server?: RunningServer }) => Promise<OpenAgent>;
  /** Parameters of `process/start` for a shell script in the folder. */
  readonly shell: (
    processId: string,
    script: string,
    more?: Readonly<Record<string, unknown>>,
  ) => StartParams;
  /** Another server of the same side, with other arguments. */
  readonly start: (options: ServerOptions) => Promise<RunningServer>;
}

export interface OpenAgent extends Agent {
  readonly sessionId: string;
}

type Play = (stage: Stage) => Promise<void>;

export interface Scenario {
  (name: string, play: Play): void;
  /** One that can be observed on one side only, and why. */
  readonly on: (side: Side, because: string, name: string, play: Play) => void;
}

/** The environment of programs unless a scenario says otherwise. */
export const PATH = '/usr/local/bin:/usr/bin:/bin';

/** The expectations name paths, signals and errors of the system as Linux does. */
const unsuited = process.platform === 'linux' ? undefined : 'skipped: only on Linux';

export interface ConformanceOptions extends ServerOptions {
  /** Why none of it can be played on this machine. */
  readonly skipped?: string | undefined;
}

/** Defines scenarios and plays each on both servers, which are started once for all of them. */
export function conformance(
  title: string,
  define: (scenario: Scenario) => void,
  { skipped = unsuited, ...options }: ConformanceOptions = {},
): void {
  if (skipped !== undefined) {
    describe.skip(title, () => it.skip(skipped));
    return;
  }
  describe.each(sides)(`${title} (%s)`, (side) => {
    let server: RunningServer | undefined;
    let root: { path: string; remove: () => Promise<void> } | undefined;
    let count = 0;

    beforeAll(async () => {
      root = await makeFolder();
      server = await startServer(side, root.path, options);
    });
    afterAll(async () => {
      await server?.stop();
      await root?.remove();
    });

    const play = (name: string, scene: Play): void => {
      it(name, async () => {
        if (server === undefined || root === undefined) throw new Error('No server was started');
        const folder = join(root.path, `scenario-${(count += 1)}`);
        await mkdir(folder);
        await scene(stageOf(server, folder));
      });
    };
    define(Object.assign(play, {
      on(only: Side, because: string, name: string, scene: Play) {
        if (only === side) play(`${name} (only here: ${because})`, scene);
      },
    }));
  });
}

function stageOf(server: RunningServer, folder: string): Stage {
  const { side } = server;
  const uri = (...names: string[]): string => pathToFileURL(join(folder, ...names)).href;
  const connect: Stage['connect'] = async ({ url = server.url, ...options } = {}) => {
    const wire = await WireClient.connect(url, options);
    onTestFinished(async () => {
      wire.cut();
      await wire.closed;
    });
    return new Agent(wire, side);
  };
  return {
    side,
    server,
    folder,
    uri,
    connect,
    async open({ server: other = server } = {}) {
      const agent = await connect({ url: other.url });
      const { sessionId } = await agent.wire.initialize();
      return Object.assign(agent, { sessionId });
    },
    shell: (processId, script, more = {}) => ({
      processId,
      argv: ['/bin/bash', '-c', script],
      cwd: uri(),
      env: { PATH },
      tty: false,
      ...more,
    }),
    async start(options) {
      const started = await startServer(side, folder, options);
      onTestFinished(async () => {
        await started.stop();
      });
      return started;
    },
  };
}
