import { displayText } from './displayText';
import { formatAge, formatDuration, plural, speakAge } from './duration';
import { isRunning } from './executorModel';
import type { ModelProcess, ModelSession } from './executorModel';
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

/** Leaves room for the state beside it in a view of some width; the tooltip has the whole command. */
const MAX_COMMAND_CHARS = 60;

/** Client names are chosen by agents; a row needs room for the rest. */
const MAX_NAME_CHARS = 60;

/** Sessions in use first, then detached, then ended; in each running processes first, then the latest exits. */
export function buildTree(
  sessions: readonly ModelSession[],
  processes: readonly ModelProcess[],
  nowMs: number,
): readonly SessionNode[] {
  return sessions.toSorted(bySessionOrder).map((session) => {
    const own = processes.filter((process) => process.sessionKey === session.key);
    return sessionNode(session, own.toSorted(byProcessOrder), nowMs);
  });
}

/** The command of a process as one line. */
export function processLabel(process: ModelProcess, maxChars?: number): string {
  return displayText(commandText(process.argv), maxChars) || '(empty command)';
}

/** The parts of a process a terminal's name and a quick pick show too. */
export function processNode(process: ModelProcess, nowMs: number): ProcessNode {
  const command = processLabel(process, MAX_COMMAND_CHARS);
  const status = processStatus(process, nowMs);
  const cwd = displayText(process.cwd);
  const pid = process.pid === undefined ? [] : [`pid ${process.pid}`];
  return {
    kind: 'process',
    process,
    id: process.key,
    label: command,
    description: [status.short, ...pid, cwd].join(' · '),
    tooltip: [
      displayText(process.argv.join(' '), 2000),
      status.spoken,
      `Folder: ${displayText(process.cwd, 500)}`,
      ...pid,
      `Process id of the client: ${displayText(process.processId)}`,
    ].join('\n'),
    contextValue: processContext(process),
    icon: status.icon,
    accessibleLabel: [command, status.spoken, ...pid, `in ${cwd}`].join(', '),
  };
}

function sessionNode(
  session: ModelSession,
  processes: readonly ModelProcess[],
  nowMs: number,
): SessionNode {
  const name = displayText(session.clientName, MAX_NAME_CHARS) || 'Unnamed client';
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
    children: processes.map((process) => processNode(process, nowMs)),
  };
}

interface ProcessStatus {
  readonly short: string;
  readonly spoken: string;
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
  // What runs keeps its place; of what ended the latest comes first.
  return aRuns ? a.startedAtMs - b.startedAtMs : endedAtMs(b) - endedAtMs(a);
}

function endedAtMs(process: ModelProcess): number {
  return process.exitedAtMs ?? process.lastOutputAtMs ?? process.startedAtMs;
}
