import { realpathSync } from 'node:fs';
import * as vscode from 'vscode';
import { Emitter } from '../base/event';
import { DisposableStore } from '../base/lifecycle';
import type { Disposable } from '../base/lifecycle';
import type { OpenFolder } from './model/processPlace';

/** The open folders a process can run in, kept current. */
export class WorkspaceFolders implements Disposable {
  private folders = readFolders();
  private readonly subscriptions = new DisposableStore();
  private readonly changeEmitter = this.subscriptions.add(new Emitter<void>());

  readonly onDidChange = this.changeEmitter.event;

  constructor() {
    this.subscriptions.add(
      vscode.workspace.onDidChangeWorkspaceFolders(() => {
        this.folders = readFolders();
        this.changeEmitter.fire();
      }),
    );
  }

  get current(): readonly OpenFolder[] {
    return this.folders;
  }

  dispose(): void {
    this.subscriptions.dispose();
  }
}

/** Folders on other file systems have no path a process could run in. */
function readFolders(): readonly OpenFolder[] {
  return (vscode.workspace.workspaceFolders ?? [])
    .filter(({ uri }) => uri.scheme === 'file')
    .map(({ name, uri }) => ({ name, path: uri.fsPath, realPath: realPathOf(uri.fsPath) }));
}

function realPathOf(folder: string): string {
  try {
    return realpathSync.native(folder);
  } catch {
    // A folder that is not there (yet) has no other path.
    return folder;
  }
}
