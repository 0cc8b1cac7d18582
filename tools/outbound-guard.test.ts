import { expect, it } from "vitest";
import { opensConnection } from "./guards/outbound.ts";

it.each([
  'import { request } from "node:http";',
  'import { connect as open } from "node:tls";',
  'import { createServer, get } from "https";',
  'import { Agent, fetch } from "undici";',
  'import { stream } from "undici";',
  'import undici from "undici";',
  'import * as net from "node:net";',
  'export { createConnection } from "node:net";',
  'const { connect } = await import("node:http2");',
  'const net = require("node:net");',
  'const net = process.getBuiltinModule("node:net");',
  "  await fetch(address);",
  "  await globalThis.fetch(address);",
  "  const socket = new WebSocket(address);",
  "  const events = new EventSource(address);",
])("finds: %s", (line) => {
  expect(opensConnection(line)).toBe(true);
});

it.each([
  'import type { Agent } from "node:http";',
  'import { createServer, type Server } from "node:http";',
  'import { isIP } from "node:net";',
  "  await context.fetch(address);",
  "  fetch(url: string): Promise<Response>;",
  '  throw new Error("call fetch(address) by the context");',
])("lets pass: %s", (line) => {
  expect(opensConnection(line)).toBe(false);
});
