/** The sandbox objects a client sends, in short. */

export type Access = 'read' | 'write' | 'none';

interface Entry {
  readonly path: object;
  readonly access: Access;
}

const special = (kind: string, access: Access, subpath?: string): Entry => ({
  path: { type: 'special', value: { kind, ...(subpath === undefined ? {} : { subpath }) } },
  access,
});

export const readRoot = special('root', 'read');
export const writeProject = special('project_roots', 'write');
export const minimalSystem = special('minimal', 'read');
export const inProject = (subpath: string, access: Access): Entry =>
  special('project_roots', access, subpath);
export const at = (path: string, access: Access): Entry => ({
  path: { type: 'path', path: `file://${path}` },
  access,
});
export const matching = (pattern: string, access: Access): Entry => ({
  path: { type: 'glob_pattern', pattern },
  access,
});

/** A managed sandbox for a project folder. */
export function managed(
  project: string,
  entries: readonly Entry[],
  network: 'restricted' | 'enabled' = 'restricted',
) {
  const cwd = `file://${project}`;
  return {
    permissions: {
      type: 'managed' as const,
      file_system: { type: 'restricted' as const, entries },
      network,
    },
    cwd,
    workspaceRoots: [cwd],
    windowsSandboxLevel: 'disabled',
  };
}

/** What a client's modes of these names send. */
export const readOnly = (project: string) => managed(project, [readRoot]);
export const workspaceWrite = (project: string) => managed(project, [readRoot, writeProject]);
