import { once } from "node:events";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { integrationContract } from "@llm-platform/kit/testing";
import { integration } from "./index.js";

/** @type {import("node:http").Server[]} */
const servers = [];

const contract = integrationContract({
  definition: integration,
  moduleUrl: new URL("./index.js", import.meta.url),
  settings: { url: await serve((_request, response) => response.end("up")) },
  breakSettings: { url: await serve((_request, response) => response.writeHead(503).end()) },
  hangSettings: { url: await serve(() => {}) },
});

for (const { name, run } of contract) test(name, run);

after(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});

/** @param {import("node:http").RequestListener} listener */
async function serve(listener) {
  const server = createServer(listener);
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/`;
}
