import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { processPlace } from '../../../../src/extension/model/processPlace';

function folder(folderPath: string, name: string, realPath = folderPath) {
  return { name, path: folderPath, realPath };
}

const app = folder('/work/app', 'app');
const library = folder('/work/lib', 'library');

describe('processPlace', () => {
  it.each([
    ['/work/app', ''],
    ['/work/app/', ''],
    ['/work/app/src/x', 'src/x'],
    ['/work/app/..data', '..data'],
    ['/work/app/src/../test', 'test'],
  ])('shows %s relative to the only folder', (cwd, text) => {
    expect(processPlace(cwd, [app], path.posix)).toEqual({ text, isOutside: false });
  });

  it.each(['/work', '/work/application', '/work/app/../lib', '/'])('flags %j as outside', (cwd) => {
    expect(processPlace(cwd, [app], path.posix)).toEqual({
      text: cwd,
      isOutside: true,
    });
  });

  it.each([
    ['/work/app', 'app'],
    ['/work/lib/src', 'library/src'],
  ])('names the folder of %s among several', (cwd, text) => {
    expect(processPlace(cwd, [app, library], path.posix)).toEqual({ text, isOutside: false });
  });

  it('takes the innermost of folders that contain each other', () => {
    const folders = [folder('/work', 'all'), app];
    expect(processPlace('/work/app/src', folders, path.posix).text).toBe('app/src');
  });

  it('knows a folder by the path behind its links too', () => {
    const linked = folder('/home/me/app', 'app', '/mnt/disk/app');
    expect(processPlace('/mnt/disk/app/src', [linked], path.posix)).toEqual({
      text: 'src',
      isOutside: false,
    });
    expect(processPlace('/home/me/app/src', [linked], path.posix).text).toBe('src');
  });

  it('compares without case on Windows, and across drives', () => {
    const windows = [folder('C:\\work\\app', 'app')];
    expect(processPlace('c:\\Work\\App\\src\\x', windows, path.win32)).toEqual({
      text: 'src/x',
      isOutside: false,
    });
    expect(processPlace('D:\\work\\app', windows, path.win32).isOutside).toBe(true);
  });

  it('has nothing inside when no folder is open', () => {
    expect(processPlace('/work', [], path.posix)).toEqual({ text: '/work', isOutside: true });
  });
});
