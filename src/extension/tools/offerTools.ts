import * as vscode from 'vscode';
import type { Clock } from '../../base/clock';
import { DisposableStore } from '../../base/lifecycle';
import type { Disposable } from '../../base/lifecycle';
import { defaultLimits } from '../../base/limits';
import type { Logger } from '../../base/logger';
import { connectExecServer } from '../../client/connectExecServer';
import type { ExecutorSupervisor } from '../executor/executorSupervisor';
import type { ExecutorModel } from '../model/executorModel';
import { EditorTool } from './languageModelTool';
import { RegisteredTools } from './registeredTools';
import { ToolCommands } from './toolCommands';
import { ToolSession } from './toolSession';
import { toolSurroundings } from './toolSurroundings';
import { toolTable } from './toolTable';

/** What the tools are made from. */
export interface ToolSources {
  readonly model: ExecutorModel;
  readonly supervisor: ExecutorSupervisor;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Folders on this machine. */
  workspaceFolders(): readonly string[];
}

/** How the session of the tools is called in the tree. */
const CLIENT_NAME = 'VS Code tools';

/** Offers the tools to the window's chat, each while the executor runs and its capability is on. */
export function offerTools(sources: ToolSources): Disposable {
  const { model, supervisor, clock, logger } = sources;
  const parts = new DisposableStore();
  const session = parts.add(
    new ToolSession({
      address: () => (supervisor.state.kind === 'running' ? model.listener : undefined),
      onDidChange: model.onDidChange,
      connect: ({ url, token }) =>
        connectExecServer({
          endpoint: { url, token },
          clientName: CLIENT_NAME,
          logger: logger.child('tools'),
          clock,
        }),
    }),
  );
  const commands = parts.add(new ToolCommands(defaultLimits));
  const context = {
    ...{ session, commands, clock },
    limits: defaultLimits,
    surroundings: () => toolSurroundings(model.environment, sources.workspaceFolders()),
  };
  const registered = parts.add(
    new RegisteredTools(toolTable, ({ name, create }) =>
      vscode.lm.registerTool(name, new EditorTool(create(context))),
    ),
  );
  const update = (): void =>
    registered.offer(
      supervisor.state.kind === 'running' ? model.environment?.capabilities : undefined,
    );
  parts.add(model.onDidChange(update));
  parts.add(supervisor.onDidChangeState(update));
  update();
  return parts;
}
