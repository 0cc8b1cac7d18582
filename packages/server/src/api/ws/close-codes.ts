/** Why the server ends a connection: codes of RFC 6455 section 7.4 and IANA's list, and two of our own. */
export const closeCodes = {
  /** Three frames that are no text of UTF-8 and no JSON. */
  badJson: 1007,
  /** Three binary frames, or three of unknown types. */
  unsupported: 1003,
  /** More pings, or pongs that answer none, than anybody needs. */
  tooManyPings: 1008,
  /** A frame larger than may be; the `ws` library sends it by itself. */
  tooLarge: 1009,
  /** The server stops or the surface restarts: come again, after the time that the reason names. */
  restart: 1012,
  /** The client does not read what it asked for. */
  tooSlow: 1013,
  /** Another connection has taken the session over. */
  takenOver: 4409,
  /** The key, token or session works no longer. */
  unauthenticated: 4401,
  /** The caller may not use the channel any more. */
  forbidden: 4403,
} as const;
