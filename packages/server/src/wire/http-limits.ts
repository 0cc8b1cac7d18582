// What a client may take in sending its request (RFC 9110 section 5.4 leaves it to the server, RFC 9112 section 9.5 the
// times): the same on both lanes, so that neither is the way around the other.

export const longestHeadBytes = 16 * 1024;
export const mostHeaderLines = 100;
export const headTimeoutMs = 20_000;
export const requestTimeoutMs = 60_000;
export const keepAliveTimeoutMs = 65_000;
