/** Every command, as `package.json` names it. */
export const commandIds = {
  start: 'execServer.start',
  stop: 'execServer.stop',
  restart: 'execServer.restart',
  switchMode: 'execServer.switchMode',
  copyConnectCommand: 'execServer.copyConnectCommand',
  rotateToken: 'execServer.rotateToken',
  openOutput: 'execServer.openOutput',
  takeOver: 'execServer.takeOver',
  handBack: 'execServer.handBack',
  interrupt: 'execServer.interrupt',
  terminate: 'execServer.terminate',
  copyCommand: 'execServer.copyCommand',
  copySessionId: 'execServer.copySessionId',
  endSession: 'execServer.endSession',
  clearHistory: 'execServer.clearHistory',
  showLog: 'execServer.showLog',
  showMenu: 'execServer.showMenu',
  openSettings: 'execServer.openSettings',
} as const satisfies Record<string, `execServer.${string}`>;

export type CommandId = (typeof commandIds)[keyof typeof commandIds];
