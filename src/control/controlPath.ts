/** Where the editor connects on the executor's listener. */
export const CONTROL_PATH = '/control';
