import * as vscode from 'vscode';
import type { Clock } from '../../base/clock';
import { DisposableStore, MutableDisposable } from '../../base/lifecycle';
import type { Disposable } from '../../base/lifecycle';
import { commandIds } from '../commands/commandIds';
import type { ExecutorState, ExecutorSupervisor } from '../executor/executorSupervisor';
import { displayText } from '../model/displayText';
import { plural } from '../model/duration';
import { viewDescription, viewMessage } from '../model/environmentText';
import type { ExecutorModel } from '../model/executorModel';
import { buildTree } from '../model/treeModel';
import type { SessionNode, TreeNode, Viewpoint } from '../model/treeModel';
import type { WorkspaceFolders } from '../workspaceFolders';

/** The view's id in `package.json`. */
export const SESSIONS_VIEW_ID = 'execServer.sessions';

/** Changes of one moment become one redraw. */
const COALESCE_MS = 100;

/** Ages are whole minutes; four looks a minute keep them right. */
const AGE_REFRESH_MS = 15_000;

/** The tree of sessions and processes, with its badge. Renders `treeModel`, decides nothing. */
export class SessionsView implements Disposable, vscode.TreeDataProvider<TreeNode> {
  private readonly subscriptions = new DisposableStore();
  private readonly treeEmitter = this.subscriptions.add(new vscode.EventEmitter<undefined>());
  private readonly nextRefresh = this.subscriptions.add(new MutableDisposable<Disposable>());
  private readonly nextAgeRefresh = this.subscriptions.add(new MutableDisposable<Disposable>());
  private readonly view: vscode.TreeView<TreeNode>;
  private roots: readonly SessionNode[] = [];
  /** What was last drawn, as text: most changes of the model change nothing that is shown. */
  private drawn = '';

  readonly onDidChangeTreeData = this.treeEmitter.event;

  constructor(
    private readonly model: ExecutorModel,
    private readonly supervisor: ExecutorSupervisor,
    private readonly folders: WorkspaceFolders,
    private readonly clock: Clock,
  ) {
    this.view = this.subscriptions.add(
      vscode.window.createTreeView<TreeNode>(SESSIONS_VIEW_ID, {
        treeDataProvider: this,
        showCollapseAll: true,
      }),
    );
    this.subscriptions.add(model.onDidChange(() => this.refreshSoon()));
    this.subscriptions.add(supervisor.onDidChangeState(() => this.refreshSoon()));
    this.subscriptions.add(folders.onDidChange(() => this.refreshSoon()));
    this.subscriptions.add(this.view.onDidChangeVisibility(() => this.refresh()));
    this.refresh();
  }

  /** The selected node, while the view is on screen; a selection nobody sees counts for nothing. */
  get visibleSelection(): TreeNode | undefined {
    const [node, ...others] = this.view.visible ? this.view.selection : [];
    return others.length === 0 ? node : undefined;
  }

  /** As of now, for others that show rows of the tree. */
  get viewpoint(): Viewpoint {
    return { nowMs: this.clock.now(), folders: this.folders.current };
  }

  getChildren(node?: TreeNode): TreeNode[] {
    if (node === undefined) return [...this.roots];
    return node.kind === 'session' ? [...node.children] : [];
  }

  getParent(node: TreeNode): TreeNode | undefined {
    if (node.kind === 'session') return undefined;
    return this.roots.find((root) => root.id === node.process.sessionKey);
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    const item = new vscode.TreeItem(node.label, collapsibleState(node));
    item.id = node.id;
    item.description = node.description;
    item.tooltip = node.tooltip;
    item.contextValue = node.contextValue;
    item.iconPath = new vscode.ThemeIcon(
      node.icon.id,
      node.icon.color === undefined ? undefined : new vscode.ThemeColor(node.icon.color),
    );
    item.accessibilityInformation = { label: node.accessibleLabel };
    // What Enter and a click do; the output of a process that is out of reach cannot be shown.
    if (node.kind === 'process' && node.process.isReachable) {
      const argument = { kind: node.kind, id: node.id };
      item.command = {
        command: commandIds.openOutput,
        title: 'Open Output',
        arguments: [argument],
      };
    }
    return item;
  }

  dispose(): void {
    this.subscriptions.dispose();
  }

  private refreshSoon(): void {
    this.nextRefresh.value ??= this.clock.schedule(() => this.refresh(), COALESCE_MS);
  }

  private refresh(): void {
    this.nextRefresh.value = undefined;
    this.roots = buildTree(this.model.sessions, this.model.processes, this.viewpoint);
    this.showBadge();
    this.showMessage(this.supervisor.state);
    this.showPlace(this.supervisor.state);
    const drawing = JSON.stringify(this.roots, shownMembers);
    if (drawing !== this.drawn) {
      this.drawn = drawing;
      this.treeEmitter.fire(undefined);
    }
    const hasAges = this.view.visible && this.roots.length > 0;
    this.nextAgeRefresh.value = hasAges
      ? this.clock.schedule(() => this.refresh(), AGE_REFRESH_MS)
      : undefined;
  }

  private showBadge(): void {
    const running = this.model.runningProcesses.length;
    if ((this.view.badge?.value ?? 0) === running) return;
    this.view.badge =
      running === 0
        ? undefined
        : { value: running, tooltip: plural(running, 'running process', 'running processes') };
  }

  /** Above a tree that still shows what was lost; an empty one has its welcome content. */
  private showMessage(state: ExecutorState): void {
    if (this.roots.length === 0) this.view.message = '';
    else if (state.kind === 'failed') this.view.message = displayText(state.reason, 300);
    else if (state.kind === 'restarting') {
      this.view.message = 'The executor ended unexpectedly and is being restarted.';
    } else this.view.message = viewMessage(this.model.environment);
  }

  /** Beside the title, also of an empty view: the place in a word or two. */
  private showPlace(state: ExecutorState): void {
    const { environment } = this.model;
    const description =
      state.kind === 'running' && environment !== undefined ? viewDescription(environment) : '';
    if (this.view.description !== description) this.view.description = description;
  }
}

function collapsibleState(node: TreeNode): vscode.TreeItemCollapsibleState {
  if (node.kind === 'process') return vscode.TreeItemCollapsibleState.None;
  // Also before the first process: a row that begins without a twistie stays collapsed when it gets one.
  return node.isExpanded
    ? vscode.TreeItemCollapsibleState.Expanded
    : vscode.TreeItemCollapsibleState.Collapsed;
}

/** The views behind the nodes are not drawn; their counters change all the time. */
function shownMembers(key: string, value: unknown): unknown {
  return key === 'process' || key === 'session' || key === 'tooltip' ? undefined : value;
}
