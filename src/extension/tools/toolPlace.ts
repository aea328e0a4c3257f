import type { ExecServerClient } from '../../client/execServerClient';
import type { EnvironmentInfoResponse } from '../../protocol/environmentMessages';
import { isAbsolute, joinPath, parsePathText, pathToUri } from '../../protocol/pathText';
import type { PathStyle } from '../../protocol/pathStyle';
import { invalidInput } from './toolInput';

/** A path of the environment, as its machine writes it and as it is sent. */
export interface PlacePath {
  readonly native: string;
  readonly uri: string;
}

/** Where the tools work at the moment. Its paths mean nothing on this machine. */
export class ToolPlace {
  readonly style: PathStyle;
  readonly shell: EnvironmentInfoResponse['shell'];
  /** Absent where the server does not tell. */
  readonly cwd: PlacePath | undefined;

  constructor(info: EnvironmentInfoResponse) {
    this.style = pathStyleOf(info);
    this.shell = info.shell;
    this.cwd = info.cwd === undefined ? undefined : this.parsed(info.cwd);
  }

  /** Asked anew each time, because the user may have switched. */
  static async of(client: ExecServerClient): Promise<ToolPlace> {
    return new ToolPlace(await client.request('environment/info', undefined));
  }

  /**
   * A path as a model wrote it: absolute, a `file:` URI, or relative to the working directory.
   *
   * @throws ExecServerError `invalidArguments`; RpcError for a URI that names no path there.
   */
  resolve(text: string): PlacePath {
    if (text === '' || text.includes('\0')) throw invalidInput('a path must not be empty');
    if (/^file:/i.test(text) || isAbsolute(text, this.style)) return this.parsed(text);
    if (this.cwd === undefined) {
      throw invalidInput(
        `the path \`${text}\` must be absolute: the working directory is not known`,
      );
    }
    return this.parsed(joinPath(this.cwd.native, text, this.style));
  }

  /** An entry of a folder, whose name may hold what would mean something else in a relative path. */
  child(folder: PlacePath, name: string): PlacePath {
    return this.parsed(joinPath(folder.native, name, this.style));
  }

  /** The folder a path is in; of a root that is the root. */
  parentOf(path: PlacePath): PlacePath {
    return this.parsed(joinPath(path.native, '..', this.style));
  }

  private parsed(text: string): PlacePath {
    const { path } = parsePathText(text, this.style);
    return { native: path, uri: pathToUri(path, this.style) };
  }
}

/** Servers that do not tell their system have a shell, and only Windows has a drive before it. */
function pathStyleOf({ platformOs, shell }: EnvironmentInfoResponse): PathStyle {
  const isWindows =
    platformOs === undefined ? /^[a-z]:[\\/]/i.test(shell.path) : platformOs === 'windows';
  return isWindows ? 'windows' : 'posix';
}
