/** The first argument that makes the executor's program a file helper. */
export const FILE_HELPER_ARGUMENT = 'fs-helper';
