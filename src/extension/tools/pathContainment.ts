import { posix, win32 } from 'node:path';
import type { PathStyle } from '../../protocol/pathStyle';

/** Whether a native absolute path is a folder or lies below it. Windows does not tell case apart. */
export function isWithin(inner: string, outer: string, style: PathStyle): boolean {
  const paths = style === 'windows' ? win32 : posix;
  const rest = paths.relative(outer, inner);
  return rest !== '..' && !rest.startsWith(`..${paths.sep}`) && !paths.isAbsolute(rest);
}
