/** Where connections may be opened. `test/outbound/doors.test.ts` proves that each is guarded, or why it needs no guard. */
export const outboundDoors: readonly string[] = [
  "packages/server/src/wire/control-fetch.ts",
  "packages/server/src/wire/trusted-agents.ts",
  "packages/server/src/wire/upstream-socket.ts",
  "packages/server/src/wire/upstream-tls.ts",
  "packages/server/src/wire/smtp-client.ts",
  "packages/server/src/wire/grpc-client.ts",
  "packages/server/src/wire/adopt-socket.ts",
  "packages/server/src/wire/tunnel.ts",
  "packages/kit/src/testing/",
  "packages/client/src/client.ts",
  "packages/client/src/smoke/connection.ts",
  "packages/client/src/live.ts",
];

const clientModule = `"(undici|(node:)?(https?|http2|net|tls|dgram))"`;
/** Names that open a connection; a module taken whole has them all. */
const outboundImport = new RegExp(
  `(\\b(fetch|request|get|connect|createConnection|createSocket|stream|pipeline|Agent|Pool|Client)\\b.*\\}|\\* as \\w+|^import \\w+) from ${clientModule}|\\b(import|require|getBuiltinModule)\\(${clientModule}\\)`,
);
const outboundCall = /(^|[^.\w])(globalThis\.)?fetch\((?!\w*\??:)|\bnew (WebSocket|EventSource)\(/;

/** Whether a line, without its comment, opens a connection or takes what does. */
export function opensConnection(code: string): boolean {
  if (code.startsWith("import type ")) return false;
  return outboundImport.test(code) || outboundCall.test(code.replaceAll(/"[^"]*"|`[^`]*`/g, ""));
}
