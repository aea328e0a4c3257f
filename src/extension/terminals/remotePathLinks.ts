import * as vscode from 'vscode';
import type { Disposable } from '../../base/lifecycle';
import { displayText } from '../model/displayText';
import type { ProcessTerminals } from './processTerminals';
import { pathsInLine } from './remotePaths';

/** A path that means a file elsewhere. */
class RemotePathLink extends vscode.TerminalLink {
  constructor(
    start: number,
    length: number,
    tooltip: string,
    readonly path: string,
  ) {
    super(start, length, tooltip);
  }
}

/**
 * Takes the paths in terminals of remote processes for itself: the editor would look for them among the
 * files of this machine and open another file of the same name. A click copies the path.
 */
export function keepRemotePathsApart(terminals: ProcessTerminals): Disposable {
  return vscode.window.registerTerminalLinkProvider({
    provideTerminalLinks({ terminal, line }): RemotePathLink[] {
      const remote = terminals.processOf(terminal)?.remote;
      if (remote === undefined) return [];
      const tooltip = `Copy the path. The file is on ${displayText(remote, 60)}.`;
      return pathsInLine(line).map(
        ({ start, length }) =>
          new RemotePathLink(start, length, tooltip, line.slice(start, start + length)),
      );
    },
    async handleTerminalLink({ path }: RemotePathLink): Promise<void> {
      await vscode.env.clipboard.writeText(path);
    },
  });
}
