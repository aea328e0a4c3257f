import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OpenAgent, Scenario, Stage } from './harness/conformance';
import { PATH, conformance } from './harness/conformance';
import { differs } from './harness/difference';
import { ok, refused } from './harness/agent';
import type { StartParams } from './harness/agent';

const bash = { name: 'bash', path: '/bin/bash' };

const openPolicy = {
  inherit: 'core',
  ignoreDefaultExcludes: true,
  exclude: [] as string[],
  set: {} as Record<string, string>,
  includeOnly: [] as string[],
};

/** More starts than it can take until a snapshot is there. */
const PATIENCE = 100;

/** Starts of login shells in a home of their own. */
class Home {
  private started = 0;

  private constructor(
    private readonly stage: Stage,
    readonly agent: OpenAgent,
  ) {}

  static async open(stage: Stage, profile: string): Promise<Home> {
    const text = `echo read >> "$HOME/readers"\n${profile}\n`;
    await writeFile(join(stage.folder, '.bash_profile'), text);
    return new Home(stage, await stage.open());
  }

  params(command: string, more: Readonly<Record<string, unknown>> = {}): StartParams {
    this.started += 1;
    return {
      ...this.stage.shell(`p${this.started}`, ''),
      argv: [bash.path, '-lc', command],
      env: { HOME: this.stage.folder, PATH, ASKED: 'request' },
      envPolicy: openPolicy,
      shellSnapshot: { scopeId: 'scope', shell: bash },
      ...more,
    };
  }

  async textOf(command: string, more?: Readonly<Record<string, unknown>>): Promise<string> {
    const life = await this.agent.runs(this.params(command, more));
    return life.bytes('stdout').toString();
  }

  /** Whether a start has the login file read. */
  async reads(more?: Readonly<Record<string, unknown>>): Promise<boolean> {
    const before = await this.readers();
    await this.textOf('true', more);
    return (await this.readers()) !== before;
  }

  /** Starts shells until one of them has not read the file. */
  async untilSnapshot(more?: Readonly<Record<string, unknown>>): Promise<void> {
    for (let attempt = 0; attempt < PATIENCE; attempt += 1) {
      if (!(await this.reads(more))) return;
    }
    throw new Error(`There was no snapshot after ${PATIENCE} starts`);
  }

  private async readers(): Promise<number> {
    const text = await readFile(join(this.stage.folder, 'readers'), 'utf8').catch(() => '');
    return text.length;
  }
}

conformance('shell snapshots', defineScenarios, {
  skipped: process.platform === 'linux' ? undefined : 'our server takes none on this system',
});

function defineScenarios(scenario: Scenario): void {
  scenario('a scope has a name, and not too long a one', async (stage) => {
    const home = await Home.open(stage, '');
    const { agent } = home;
    const start = (shellSnapshot: unknown) => home.params('true', { shellSnapshot });
    const fault = refused(-32602, 'shell snapshot scope must be non-empty and at most 256 bytes');
    await agent.talks([
      ['process/start', start({ scopeId: '', shell: bash }), fault],
      ['process/start', start({ scopeId: 'é'.repeat(129), shell: bash }), fault],
      ['process/start', start({ shell: bash }), refused(-32602, 'missing field `scopeId`')],
    ]);
    const long = { ...start({ scopeId: 'é'.repeat(128), shell: bash }), processId: 'long' };
    await agent.asks('process/start', long, ok({ processId: 'long', sandboxType: 'none' }));
  });

  scenario('a shell nobody knows is started as it is', async (stage) => {
    const home = await Home.open(stage, '');
    const shell = { name: 'fish', path: bash.path };
    await home.agent.asks(
      'process/start',
      home.params('true', { shellSnapshot: { scopeId: 'scope', shell } }),
      differs({
        ours: ok({ processId: 'p1', sandboxType: 'none' }),
        peer: refused(-32602, 'shell snapshots are unsupported for shell `fish`'),
        because: 'a start without a snapshot does what was asked for, only slower',
      }),
    );
  });

  scenario(
    'later shells of a scope know what the login file made, and do not read it',
    async (stage) => {
      const home = await Home.open(
        stage,
        'export FROM_FILE=file; greet() { echo "hello $1"; }; shopt -s expand_aliases; alias say=echo',
      );
      await home.untilSnapshot();
      home.agent.sees(
        [
          await home.textOf('greet you\nsay "$FROM_FILE"\necho "$# $*"', {}),
          await home.reads(),
          await home.reads({ shellSnapshot: { scopeId: 'another', shell: bash } }),
        ],
        ['hello you\nfile\n0 \n', false, true],
      );
    },
  );

  scenario(
    'variables of the request win, and what its policy excludes stays out',
    async (stage) => {
      const home = await Home.open(
        stage,
        'export ASKED=file GIVEN=file OUT=file MY_TOKEN=file MINE=file; UNEXPORTED=file',
      );
      const envPolicy = {
        ...openPolicy,
        ignoreDefaultExcludes: false,
        exclude: ['OUT'],
        set: { GIVEN: 'policy' },
      };
      await home.untilSnapshot({ envPolicy });
      home.agent.sees(
        await home.textOf('echo "$ASKED,$GIVEN,$OUT,$MY_TOKEN,$UNEXPORTED,$MINE"', { envPolicy }),
        'request,policy,,,,file\n',
      );
    },
  );

  scenario('only the shell itself with -lc is started from one', async (stage) => {
    const home = await Home.open(stage, '');
    await home.untilSnapshot();
    const separate = { argv: [bash.path, '-l', '-c', 'true'] };
    home.agent.sees([await home.reads(separate), await home.reads()], [true, false]);
  });
}
