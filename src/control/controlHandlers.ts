import { requireBase64 } from '../protocol/base64';
import { invalidRequest } from '../protocol/errorCodes';
import type { HandlersOf } from '../protocol/methods';
import type { SessionProcess } from '../server/sessionProcess';
import type { ControlConnection } from './controlConnection';
import type { ControlServer } from './controlServer';
import type { controlRequests } from './messages';

/** What the editor may ask, done on the real sessions and processes. */
export function controlHandlers(
  control: ControlServer,
): HandlersOf<typeof controlRequests, ControlConnection> {
  const find = (serial: number): SessionProcess => control.state.require(serial);

  return {
    'control/initialize'({ clientName }, connection) {
      control.options.logger.info('owner connected', { client: clientName });
      connection.markInitialized();
      return control.snapshot();
    },

    'settings/update'(settings) {
      control.options.applySettings(settings);
      return {};
    },

    async 'environment/set'({ choice, runningProcesses }) {
      await control.setEnvironment(choice, runningProcesses);
      return {};
    },

    'environment/reconnect'() {
      return control.reconnect();
    },

    'token/rotate'() {
      return control.rotateToken();
    },

    async 'session/end'({ sessionId }) {
      for (const session of control.server.sessions.all) {
        if (session.id === sessionId) await control.server.sessions.end(session, 'user');
      }
      return {};
    },

    'view/open'({ serial, viewId }, connection) {
      connection.openView(viewId, find(serial));
      return { process: control.state.viewOf(serial) };
    },

    'view/close'({ viewId }, connection) {
      connection.closeView(viewId);
      return {};
    },

    'input/takeOver'({ serial }, connection) {
      const entry = find(serial);
      if (!entry.description.acceptsInput) {
        throw invalidRequest(
          'this process was started without an input; there is nothing to type into',
        );
      }
      if (entry.process.state.exited) throw invalidRequest('this process has ended');
      control.takeOverInput(entry, connection);
      return {};
    },

    'input/handBack'({ serial }) {
      find(serial).setInputHolder('agent');
      return {};
    },

    async 'input/write'({ serial, dataBase64 }) {
      const entry = find(serial);
      if (entry.process.state.exited) return { status: 'ended' };
      if (entry.inputHolder !== 'user') return { status: 'notHeld' };
      const outcome = await entry.process.write(requireBase64(dataBase64, 'dataBase64'));
      // At a remote somebody else may have the keyboard.
      if (outcome === 'starting') return { status: 'notHeld' };
      return { status: outcome === 'accepted' ? 'accepted' : 'ended' };
    },

    'process/resize'({ serial, rows, cols }) {
      find(serial).process.resize({ rows, cols });
      return {};
    },

    'process/signal'({ serial, signal }) {
      find(serial).process.signal(signal);
      return {};
    },

    async 'process/terminate'({ serial }) {
      const entry = find(serial);
      const answer = entry.terminate('user');
      // An agent means the program only; a person who asks again means also what it left behind.
      const { exited, closed } = entry.process.state;
      if (exited && !closed) await entry.end('user', control.options.limits.terminateGraceMs);
      return answer;
    },

    async 'sandbox/check'() {
      return { isAvailable: await control.options.canConfine() };
    },

    'history/clear'() {
      control.state.clearHistory();
      return {};
    },

    'executor/shutDown'({ reason }) {
      // The answer must be on its way before the listener it came through goes.
      setImmediate(() => {
        control.options.shutDown(reason ?? 'asked by the editor');
      });
      return {};
    },
  };
}
