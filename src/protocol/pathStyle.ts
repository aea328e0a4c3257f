/** How absolute paths are written on a machine: `/a/b`, or `C:\\a\\b` and `\\\\host\\share\\a`. */
export type PathStyle = 'posix' | 'windows';

/** The one of this machine. */
export const localPathStyle: PathStyle = process.platform === 'win32' ? 'windows' : 'posix';
