/** One line of a change: kept as it is in the file, taken out, or put in. */
export interface PatchLine {
  readonly kind: 'context' | 'removed' | 'added';
  readonly text: string;
}

/** Lines that follow each other in a file, and what becomes of them. */
export interface PatchChunk {
  /** The line of the patch it begins at, from 1. */
  readonly patchLine: number;
  /** A line of the file that comes somewhere before, to find the place. */
  readonly context: string | undefined;
  readonly lines: readonly PatchLine[];
  /** The lines are the last ones of the file. */
  readonly isAtEnd: boolean;
}

/** What a patch does to one file. Paths are as the patch has them. */
export type PatchAction =
  | { readonly kind: 'add'; readonly path: string; readonly text: string }
  | { readonly kind: 'delete'; readonly path: string }
  | {
      readonly kind: 'update';
      readonly path: string;
      readonly moveTo: string | undefined;
      readonly chunks: readonly PatchChunk[];
    };
