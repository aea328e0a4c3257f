import type { Disposable } from '../../base/lifecycle';
import type { Limits } from '../../base/limits';
import { toolFailed } from './toolInput';
import type { CommandOrigin, ToolCommand } from './toolCommand';

/** The commands tools can go back to, by the number their model was given. */
export class ToolCommands implements Disposable {
  private readonly commands = new Map<number, ToolCommand>();
  private lastNumber = 0;

  constructor(private readonly limits: Limits) {}

  /** What is behind a number, as far as it is known. */
  originOf(number: number): CommandOrigin | undefined {
    return this.commands.get(number)?.origin;
  }

  add(command: ToolCommand): number {
    this.makeRoom();
    this.lastNumber++;
    this.commands.set(this.lastNumber, command);
    return this.lastNumber;
  }

  /** @throws ExecServerError `toolFailed` */
  get(number: number): ToolCommand {
    const command = this.commands.get(number);
    if (command === undefined) {
      throw toolFailed(
        `Failed to find session ${number}: it has ended, or never was. Start the command again with exec_command.`,
      );
    }
    return command;
  }

  remove(number: number): void {
    this.commands.get(number)?.dispose();
    this.commands.delete(number);
  }

  dispose(): void {
    for (const number of [...this.commands.keys()]) this.remove(number);
  }

  /** Ended ones nobody asked about go first; a running one stays in the tree, out of the tools' reach. */
  private makeRoom(): void {
    if (this.commands.size < this.limits.maxToolCommands) return;
    const numbers = [...this.commands.keys()];
    const leaving = numbers.find((number) => this.commands.get(number)?.hasEnded) ?? numbers[0];
    if (leaving !== undefined) this.remove(leaving);
  }
}
