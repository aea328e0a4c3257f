import type { PlacePath } from '../toolPlace';

/** The files a patch works on, in the environment. */
export interface PatchFiles {
  /** @throws ExecServerError `invalidArguments` or RpcError for what is no path there. */
  resolve(path: string): PlacePath;
  kindOf(path: PlacePath): Promise<'file' | 'directory' | 'other' | 'absent'>;
  /** Whether both are there and lead to one file, by links or because names there have no case. */
  isSameFile(one: PlacePath, other: PlacePath): Promise<boolean>;
  read(path: PlacePath): Promise<Buffer>;
  /** Creates the folders it is in. */
  write(path: PlacePath, content: Buffer): Promise<void>;
  remove(path: PlacePath): Promise<void>;
}
