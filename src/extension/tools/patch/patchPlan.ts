import { textOf } from '../fileContent';
import { toolFailed } from '../toolInput';
import type { PlacePath } from '../toolPlace';
import type { PatchFiles } from './patchFiles';
import type { PatchAction } from './patchModel';
import { patchedText } from './patchedText';

/** One thing to do to a file. */
export type PatchStep =
  | { readonly kind: 'write'; readonly path: PlacePath; readonly content: Buffer }
  | { readonly kind: 'remove'; readonly path: PlacePath };

/** What a patch comes to, with every change found to fit. */
export interface PatchPlan {
  /** Writes come before removals, so that nothing is gone before what takes its place is there. */
  readonly steps: readonly PatchStep[];
  /** `A path`, `M path`, `D path`, with the paths of the patch. */
  readonly summary: readonly string[];
}

/** A file as the actions up to now leave it. */
interface FileState {
  readonly path: PlacePath;
  /** Absent: there is no such file any more. */
  readonly text: string | undefined;
  readonly existed: boolean;
}

/**
 * Finds out what a patch does, without doing any of it. Actions build on those before them, also on the same file.
 *
 * @throws ExecServerError `toolFailed` with the reason, where one of them does not fit.
 */
export async function planPatch(
  actions: readonly PatchAction[],
  files: PatchFiles,
): Promise<PatchPlan> {
  const planning = new Planning(files);
  for (const action of actions) await planning.take(action);
  return planning.plan();
}

class Planning {
  private readonly states = new Map<string, FileState>();
  private readonly added: string[] = [];
  private readonly modified: string[] = [];
  private readonly deleted: string[] = [];

  constructor(private readonly files: PatchFiles) {}

  async take(action: PatchAction): Promise<void> {
    switch (action.kind) {
      case 'add':
        await this.put(action.path, action.text);
        this.added.push(`A ${action.path}`);
        break;
      case 'delete':
        await this.remove(action.path);
        this.deleted.push(`D ${action.path}`);
        break;
      case 'update':
        await this.update(action);
        this.modified.push(`M ${action.path}`);
        break;
    }
  }

  plan(): PatchPlan {
    const states = [...this.states.values()];
    return {
      steps: [
        ...states.flatMap(({ path, text }) =>
          text === undefined ? [] : [{ kind: 'write' as const, path, content: Buffer.from(text) }],
        ),
        ...states.flatMap(({ path, text, existed }) =>
          text === undefined && existed ? [{ kind: 'remove' as const, path }] : [],
        ),
      ],
      summary: [...this.added, ...this.modified, ...this.deleted],
    };
  }

  private async update(action: Extract<PatchAction, { kind: 'update' }>): Promise<void> {
    const source = this.files.resolve(action.path);
    const text = patchedText(await this.textOf(source), action.chunks, source.native);
    const target = action.moveTo === undefined ? source : this.files.resolve(action.moveTo);
    // Of one file under two names, what is written under the second would go with the first.
    if (target.uri !== source.uri && !(await this.files.isSameFile(source, target))) {
      await this.remove(action.path);
    }
    await this.put(action.moveTo ?? action.path, text);
  }

  private async put(text: string, content: string): Promise<void> {
    const path = this.files.resolve(text);
    const existed = await this.existed(path, 'write');
    this.states.set(path.uri, { path, text: content, existed });
  }

  private async remove(text: string): Promise<void> {
    const path = this.files.resolve(text);
    const known = this.states.get(path.uri);
    const existed = await this.existed(path, 'delete');
    const exists = known === undefined ? existed : known.text !== undefined;
    if (!exists) throw toolFailed(`Failed to delete ${path.native}: there is no such file.`);
    this.states.set(path.uri, { path, text: undefined, existed });
  }

  /** Whether the file was there before the patch. */
  private async existed(path: PlacePath, verb: string): Promise<boolean> {
    const known = this.states.get(path.uri);
    if (known !== undefined) return known.existed;
    const kind = await this.files.kindOf(path);
    if (kind === 'directory' || kind === 'other') {
      const what = kind === 'directory' ? 'a directory' : 'not a regular file';
      throw toolFailed(`Failed to ${verb} ${path.native}: it is ${what}.`);
    }
    return kind === 'file';
  }

  private async textOf(path: PlacePath): Promise<string> {
    const known = this.states.get(path.uri);
    if (known?.text !== undefined) return known.text;
    const isThere = known === undefined && (await this.existed(path, 'change'));
    if (!isThere) throw toolFailed(`Failed to change ${path.native}: there is no such file.`);
    const text = textOf(await this.files.read(path));
    if (text === undefined) {
      throw toolFailed(`Failed to change ${path.native}: it is not text in UTF-8.`);
    }
    return text;
  }
}
