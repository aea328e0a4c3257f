/*
 * What `ws` loads for addresses that begin with wss: and for compressed messages. We have neither, and
 * `https`, `tls` and `zlib` cost every start more than a millisecond. The build puts this in their place.
 */
export {};
