import { displayText } from './displayText';
import { formatAge, formatDuration, plural, speakAge } from './duration';
import { isRunning } from './executorModel';
import type { ModelProcess, ModelSession } from './executorModel';
import { processPlace } from './processPlace';
import type { OpenFolder } from './processPlace';
import { commandText } from './processText';

/** An icon of the editor's own font; `color` is a theme colour, so it follows light, dark and high contrast. */
export interface NodeIcon {
  readonly id: string;
  readonly color?: string;
}

interface NodeBase {
  /** Stable across refreshes, so that selection and expansion stay. */
  readonly id: string;
  readonly label: string;
  readonly description: string;
  /** Plain text of several lines. */
  readonly tooltip: string;
  /** State words, matched by the menus in `package.json`. */
  readonly contextValue: string;
  readonly icon: NodeIcon;
  /** The whole row in words. */
  readonly accessibleLabel: string;
}

export interface SessionNode extends NodeBase {
  readonly kind: 'session';
  readonly session: ModelSession;
  readonly isExpanded: boolean;
  readonly children: readonly ProcessNode[];
}

export interface ProcessNode extends NodeBase {
  readonly kind: 'process';
  readonly process: ModelProcess;
}

export type TreeNode = SessionNode | ProcessNode;

/** When and from where the tree is looked at. */
export interface Viewpoint {
  readonly nowMs: number;
  readonly folders: readonly OpenFolder[];
}

/** Leaves room for the state beside it in a view of some width; the tooltip has the whole command. */
const MAX_COMMAND_CHARS = 60;

/** Names are chosen by agents; a row needs room for the rest. */
const MAX_NAME_CHARS = 60;

/** Sessions in use first, then detached, then ended; in each running processes first, then the latest exits. */
export function buildTree(
  sessions: readonly ModelSession[],
  processes: readonly ModelProcess[],
  viewpoint: Viewpoint,
): readonly SessionNode[] {
  return sessions.toSorted(bySessionOrder).map((session) => {
    const own = processes.filter((process) => process.sessionKey === session.key);
    return sessionNode(session, inOrder(own), viewpoint);
  });
}

/** What runs first, in the order it began, because people look for that; then exits, the latest first. */
export function inOrder(processes: readonly ModelProcess[]): readonly ModelProcess[] {
  return processes.toSorted(byProcessOrder);
}

/** The command of a process as one line. */
export function processLabel(process: ModelProcess, maxChars?: number): string {
  return displayText(commandText(process.argv), maxChars) || '(empty command)';
}

/** A process as a row of the tree or of a quick pick. */
export function processNode(process: ModelProcess, viewpoint: Viewpoint): ProcessNode {
  const command = processLabel(process, MAX_COMMAND_CHARS);
  const status = processStatus(process, viewpoint.nowMs);
  const place =
    process.remote === undefined
      ? shownPlace(process, viewpoint.folders)
      : remotePlace(process.remote, process.cwd);
  const pid = process.pid === undefined ? [] : [`pid ${process.pid}`];
  return {
    kind: 'process',
    process,
    id: process.key,
    label: command,
    description: [status.short, ...place.short, ...pid].join(' · '),
    tooltip: [
      displayText(process.argv.join(' '), 2000),
      status.detail ?? status.spoken,
      `Folder: ${displayText(process.cwd, 500)}${place.remark}`,
      ...pid,
      `Process id of the client: ${displayText(process.processId)}`,
    ].join('\n'),
    contextValue: processContext(process),
    icon: status.icon,
    accessibleLabel: [command, status.spoken, ...place.spoken, ...pid].join(', '),
  };
}

function sessionNode(
  session: ModelSession,
  processes: readonly ModelProcess[],
  viewpoint: Viewpoint,
): SessionNode {
  const { nowMs } = viewpoint;
  const name = displayText(session.clientName, MAX_NAME_CHARS) || 'Unnamed agent';
  const running = processes.filter(isRunning).length;
  const ageMs = nowMs - session.createdAtMs;
  const remainingMs = (session.expiresAtMs ?? nowMs) - nowMs;
  const counts = running === 0 ? [] : [`${running} running`];
  const stateText = {
    attached: 'connected',
    detached: `disconnected, kept for ${formatDuration(Math.max(0, remainingMs))}`,
    ended: 'ended',
  }[session.state];
  const state = session.state === 'detached' ? 'disconnected' : stateText;
  return {
    kind: 'session',
    session,
    id: session.key,
    label: name,
    description: [state, ...counts, formatAge(ageMs)].join(' · '),
    tooltip: [
      name,
      `Session ${displayText(session.sessionId)}`,
      `State: ${stateText}`,
      `Began ${speakAge(ageMs)} ago`,
    ].join('\n'),
    contextValue: `session.${session.state}`,
    icon: { id: { attached: 'vm-active', detached: 'vm-outline', ended: 'vm' }[session.state] },
    isExpanded: session.state !== 'ended',
    accessibleLabel: [
      `Session ${name}`,
      state,
      plural(running, 'running process', 'running processes'),
      `began ${speakAge(ageMs)} ago`,
    ].join(', '),
    children: processes.map((process) => processNode(process, viewpoint)),
  };
}

interface ShownPlace {
  readonly short: readonly string[];
  readonly spoken: readonly string[];
  readonly remark: string;
}

/** The word comes before the path, because the end of a narrow row is cut. */
function shownPlace({ cwd }: ModelProcess, folders: readonly OpenFolder[]): ShownPlace {
  const place = processPlace(cwd, folders);
  const text = displayText(place.text);
  if (place.isOutside) {
    return {
      short: [`outside: ${text}`],
      spoken: [`outside the workspace in ${text}`],
      remark: ' (outside the workspace)',
    };
  }
  return text === ''
    ? { short: [], spoken: [], remark: '' }
    : { short: [text], spoken: [`in ${text}`], remark: '' };
}

/** The path as the remote names it: folders of this machine say nothing about it. */
function remotePlace(remote: string, cwd: string): ShownPlace {
  const name = displayText(remote, MAX_NAME_CHARS);
  const path = displayText(cwd);
  return {
    short: [`${name}: ${path}`],
    spoken: [`on ${name} in ${path}`],
    remark: ` (on ${name})`,
  };
}

interface ProcessStatus {
  readonly short: string;
  readonly spoken: string;
  /** In place of `spoken` where there is room for more. */
  readonly detail?: string;
  readonly icon: NodeIcon;
}

function processStatus(process: ModelProcess, nowMs: number): ProcessStatus {
  if (process.isLost) {
    return {
      short: 'lost',
      spoken: 'lost when the executor ended unexpectedly',
      icon: { id: 'question', color: 'list.warningForeground' },
    };
  }
  if (process.failure !== undefined) {
    return {
      short: 'failed',
      spoken: `failed: ${displayText(process.failure, 200)}`,
      detail: `failed: ${displayText(process.failure, 500)}`,
      icon: { id: 'warning', color: 'list.warningForeground' },
    };
  }
  if (process.state === 'running') return runningStatus(process, nowMs);
  const tookMs = (process.exitedAtMs ?? nowMs) - process.startedAtMs;
  const agoMs = nowMs - (process.exitedAtMs ?? nowMs);
  const code = process.exitCode ?? 'unknown';
  const by = endedBy(process);
  const open = process.state === 'closing' ? ', output still open' : '';
  return {
    short: `exited ${code}${by.short} · ${formatAge(agoMs)} ago${open}`,
    spoken: `exited with code ${code}${by.spoken} ${speakAge(agoMs)} ago after ${formatDuration(tookMs)}${open}`,
    icon:
      process.exitCode === 0
        ? { id: 'pass', color: 'testing.iconPassed' }
        : { id: 'error', color: 'testing.iconFailed' },
  };
}

function runningStatus(process: ModelProcess, nowMs: number): ProcessStatus {
  const ageMs = nowMs - process.startedAtMs;
  if (process.inputHolder === 'user') {
    return {
      short: `running ${formatAge(ageMs)} (yours)`,
      spoken: `running for ${speakAge(ageMs)}, you have taken over its input`,
      icon: { id: 'keyboard', color: 'charts.blue' },
    };
  }
  return {
    short: `running ${formatAge(ageMs)}`,
    spoken: `running for ${speakAge(ageMs)}`,
    icon: { id: process.tty ? 'terminal' : 'play', color: 'charts.green' },
  };
}

function endedBy(process: ModelProcess): { readonly short: string; readonly spoken: string } {
  switch (process.endedBy) {
    case undefined:
      return { short: '', spoken: '' };
    case 'user':
      return { short: ' by you', spoken: ', ended by you,' };
    case 'agent':
      return { short: ' by agent', spoken: ', ended by the agent,' };
    case 'sessionExpired':
      return { short: ' session gone', spoken: ', ended because its session was gone,' };
    case 'shutdown':
      return { short: ' at stop', spoken: ', ended because Exec Server stopped,' };
  }
}

function processContext(process: ModelProcess): string {
  if (process.isLost) return 'process.lost';
  if (process.state === 'closing') return 'process.closing';
  if (process.state === 'closed') {
    return process.isReachable ? 'process.exited' : 'process.exited.gone';
  }
  return `process.running.${inputKind(process)}.${process.inputHolder}`;
}

function inputKind(process: ModelProcess): 'tty' | 'pipe' | 'noInput' {
  if (!process.acceptsInput) return 'noInput';
  return process.tty ? 'tty' : 'pipe';
}

const SESSION_RANK = { attached: 0, detached: 1, ended: 2 } as const;

function bySessionOrder(a: ModelSession, b: ModelSession): number {
  return SESSION_RANK[a.state] - SESSION_RANK[b.state] || b.createdAtMs - a.createdAtMs;
}

function byProcessOrder(a: ModelProcess, b: ModelProcess): number {
  const aRuns = isRunning(a);
  if (aRuns !== isRunning(b)) return aRuns ? -1 : 1;
  return aRuns ? a.startedAtMs - b.startedAtMs : endedAtMs(b) - endedAtMs(a);
}

function endedAtMs(process: ModelProcess): number {
  return process.exitedAtMs ?? process.lastOutputAtMs ?? process.startedAtMs;
}
