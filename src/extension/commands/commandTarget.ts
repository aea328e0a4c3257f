import * as vscode from 'vscode';
import { displayText } from '../model/displayText';
import type { ModelProcess, ModelSession } from '../model/executorModel';
import { buildTree, inOrder, processNode } from '../model/treeModel';
import type { SessionNode } from '../model/treeModel';
import type { CommandContext } from './commandContext';

/** Which processes a command is for, and how to ask for one. */
export interface ProcessQuestion {
  readonly isEligible: (process: ModelProcess) => boolean;
  readonly placeholder: string;
  /** Shown when no process is eligible, or the one it was called on is not. */
  readonly none: string;
}

/** Stands for a row of the tree that the editor could not name. */
const LOST_ROW = Symbol('a row that was drawn again while it was clicked');

/**
 * What a command was called on. While a tree is drawn again, the editor passes nothing in place of the
 * row that was clicked; it is told from a command called on nothing by the second argument that only
 * rows have.
 */
export function argumentOf(args: readonly unknown[]): unknown {
  return args.length > 1 && args[0] === undefined ? LOST_ROW : args[0];
}

/**
 * The process a command acts on: the tree node it was called on, else the one that the terminal in
 * front and the visible selection agree on, else an answer of the user. Nodes are looked up again by
 * key, because the state may have moved on since they were drawn. For a lost row nothing is guessed:
 * the user meant that very row, not what else is in sight.
 */
export async function chooseProcess(
  context: CommandContext,
  argument: unknown,
  question: ProcessQuestion,
): Promise<ModelProcess | undefined> {
  const named = processOfNode(context, argument);
  if (named !== undefined && question.isEligible(named)) return named;
  const eligible = context.model.processes.filter(question.isEligible);
  if (named !== undefined || eligible.length === 0) {
    void vscode.window.showInformationMessage(question.none);
    return undefined;
  }
  const inSight = processesInSight(context, argument).filter(question.isEligible);
  const [only, ...others] = inSight;
  if (only !== undefined && others.every(({ key }) => key === only.key)) return only;
  return askForProcess(context, eligible, question);
}

/** The session of a node, or an answer of the user. */
export async function chooseSession(
  context: CommandContext,
  argument: unknown,
  placeholder: string,
): Promise<ModelSession | undefined> {
  const key = sessionKeyOf(context, argument);
  const nodes = buildTree(context.model.sessions, context.model.processes, context.view.viewpoint);
  const named = nodes.find(({ id }) => id === key);
  if (named !== undefined) return named.session;
  if (nodes.length === 0) {
    void vscode.window.showInformationMessage('There is no session. Connect an agent first.');
    return undefined;
  }
  return (await vscode.window.showQuickPick(nodes.map(sessionItem), { placeHolder: placeholder }))
    ?.session;
}

function processesInSight(context: CommandContext, argument: unknown): readonly ModelProcess[] {
  if (argument === LOST_ROW) return [];
  const inFront = context.terminals.processOf(vscode.window.activeTerminal);
  // Menus of a terminal pass an argument of the editor's own: then the terminal is meant.
  const selected =
    argument === undefined ? processOfNode(context, context.view.visibleSelection) : undefined;
  return [inFront, selected].filter((process) => process !== undefined);
}

function processOfNode(context: CommandContext, argument: unknown): ModelProcess | undefined {
  const node = asNode(argument);
  return node?.kind === 'process' ? context.model.findProcess(node.id) : undefined;
}

function sessionKeyOf(context: CommandContext, argument: unknown): string | undefined {
  const selected = argument === LOST_ROW ? undefined : context.view.visibleSelection;
  const node = asNode(argument) ?? asNode(selected);
  return node?.kind === 'process' ? context.model.findProcess(node.id)?.sessionKey : node?.id;
}

function asNode(argument: unknown): { readonly kind: unknown; readonly id: string } | undefined {
  if (typeof argument !== 'object' || argument === null) return undefined;
  if (!('kind' in argument) || !('id' in argument)) return undefined;
  return typeof argument.id === 'string' ? { kind: argument.kind, id: argument.id } : undefined;
}

async function askForProcess(
  context: CommandContext,
  processes: readonly ModelProcess[],
  question: ProcessQuestion,
): Promise<ModelProcess | undefined> {
  const items = inOrder(processes).map((process) => {
    const node = processNode(process, context.view.viewpoint);
    return { label: node.label, description: node.description, process };
  });
  const options = { placeHolder: question.placeholder, matchOnDescription: true };
  return (await vscode.window.showQuickPick(items, options))?.process;
}

function sessionItem({ label, description, session }: SessionNode): vscode.QuickPickItem & {
  readonly session: ModelSession;
} {
  return { label, description, detail: displayText(session.sessionId), session };
}
