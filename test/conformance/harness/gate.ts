import type { Stage } from './conformance';

/**
 * Where programs of a scenario wait: `read go < NAME` ends when the gate is opened. Each is opened once,
 * because one that is opened again while its last writer still holds it is at its end.
 */
export interface Gates {
  /** Lets whoever waits there go on. From a session of its own: the scenario's may be waiting itself. */
  readonly open: (name: string) => Promise<void>;
}

/** Makes gates in the folder of a scenario. */
export async function makeGates(stage: Stage, ...names: readonly string[]): Promise<Gates> {
  const keeper = await stage.open();
  await keeper.runs(stage.shell('mk', `mkfifo ${names.join(' ')}`));
  return {
    async open(name) {
      await keeper.runs(stage.shell(`open ${name}`, `echo go > ${name}`));
    },
  };
}
