import { ErrorCode, RpcError } from '../../protocol/errorCodes';
import type { PathForm } from '../../protocol/pathText';
import { formatPath, parsePathText } from '../../protocol/pathText';
import type { PathStyle } from '../../protocol/pathStyle';

/** What a path is for: releases changed the form of the two at different times. */
export type PathUse = 'cwd' | 'fs';

/** Writes a native path in the form a server takes. */
export type WritePath = (path: string) => string;

/**
 * The paths of one server: which form it takes, and its answers read back. The form it begins with is
 * what its release is known to take; a refusal of the parameters before any path of that use was taken
 * is answered with one attempt in the other form, which can do no harm because nothing has happened.
 */
export class RemotePaths {
  private readonly forms: Record<PathUse, PathForm>;
  private readonly taken = new Set<PathUse>();

  constructor(
    readonly style: PathStyle,
    form: PathForm,
  ) {
    this.forms = { cwd: form, fs: form };
  }

  /** The paths of the same server when it stands for a place of another style. */
  of(style: PathStyle): RemotePaths {
    const paths = new RemotePaths(style, this.forms.fs);
    paths.forms.cwd = this.forms.cwd;
    return paths;
  }

  /** Sends what holds paths; `send` may be called a second time, with paths of the other form. */
  async send<T>(use: PathUse, send: (write: WritePath) => Promise<T>): Promise<T> {
    const form = this.forms[use];
    try {
      const answer = await send(this.writer(form));
      this.taken.add(use);
      return answer;
    } catch (error) {
      if (!isRefusalOfParams(error) || this.taken.has(use)) throw error;
      return this.sendOtherwise(use, { send, refusal: error });
    }
  }

  /**
   * A path from an answer, native.
   *
   * @throws RpcError when it is none.
   */
  read(text: string): string {
    try {
      return parsePathText(text, this.style).path;
    } catch (error) {
      throw new RpcError(
        ErrorCode.internal,
        'the remote environment answered with a path that means nothing there',
        { cause: error },
      );
    }
  }

  private async sendOtherwise<T>(
    use: PathUse,
    first: { readonly send: (write: WritePath) => Promise<T>; readonly refusal: RpcError },
  ): Promise<T> {
    const other = this.forms[use] === 'uri' ? 'native' : 'uri';
    try {
      const answer = await first.send(this.writer(other));
      this.remember(use, other);
      return answer;
    } catch (error) {
      // It was something else that was wrong, and the first refusal tells it.
      if (isRefusalOfParams(error)) throw first.refusal;
      if (error instanceof RpcError) this.remember(use, other);
      throw error;
    }
  }

  private remember(use: PathUse, form: PathForm): void {
    this.forms[use] = form;
    this.taken.add(use);
  }

  private writer(form: PathForm): WritePath {
    return (path) => formatPath(path, form, this.style);
  }
}

function isRefusalOfParams(error: unknown): error is RpcError {
  return error instanceof RpcError && error.code === ErrorCode.invalidParams;
}
