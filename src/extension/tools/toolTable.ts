import type { Capability } from '../../environment/environment';
import type { AgentTool } from './agentTool';
import { ApplyPatchTool } from './applyPatchTool';
import { ExecCommandTool } from './execCommandTool';
import { ListDirTool } from './listDirTool';
import { ReadFileTool } from './readFileTool';
import type { ToolContext } from './toolContext';
import { ToolOfOnePlace } from './toolOfOnePlace';
import { ViewImageTool } from './viewImageTool';
import { WriteStdinTool } from './writeStdinTool';

/** A tool by the name it has in `package.json`. */
export interface ToolEntry {
  readonly name: string;
  /** It exists only while this is on. */
  readonly capability: Capability;
  readonly create: (context: ToolContext) => AgentTool;
}

/** Every tool there is. What they are and take, for models, says `package.json`. */
export const toolTable: readonly ToolEntry[] = [
  {
    name: 'execServer_exec_command',
    capability: 'exec',
    create: (context) => new ToolOfOnePlace(new ExecCommandTool(context), context),
  },
  {
    name: 'execServer_write_stdin',
    capability: 'exec',
    create: (context) => new WriteStdinTool(context),
  },
  {
    name: 'execServer_list_dir',
    capability: 'filesystem',
    create: (context) => new ToolOfOnePlace(new ListDirTool(context), context),
  },
  {
    name: 'execServer_read_file',
    capability: 'filesystem',
    create: (context) => new ToolOfOnePlace(new ReadFileTool(context), context),
  },
  {
    name: 'execServer_view_image',
    capability: 'filesystem',
    create: (context) => new ToolOfOnePlace(new ViewImageTool(context), context),
  },
  {
    name: 'execServer_apply_patch',
    capability: 'filesystem',
    create: (context) => new ToolOfOnePlace(new ApplyPatchTool(context), context),
  },
];
