import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createPlainServer, type Server } from "node:http";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { createTransferThread, type TransferThread } from "./pulls/transfer-thread.ts";
import { makeCertificate } from "./wire/certificate.test-data.ts";

const program = new URL("./transfer-worker.ts", import.meta.url);
const never = new AbortController().signal;
const first = { path: "/file", from: 0, until: 8 };
const nothing = (): undefined => undefined;
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

const servers: Server[] = [];
const threads: TransferThread[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const thread of threads.splice(0)) await thread.stop();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

async function listen(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return `127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}

function begin(): TransferThread {
  const thread = createTransferThread({ program, bytesPerSecond: undefined, log });
  threads.push(thread);
  return thread;
}

function emptyFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "transfers-"));
  folders.push(folder);
  const path = join(folder, "part");
  writeFileSync(path, "");
  return path;
}

test("the thread sends nothing to a server that nobody vouches for", async () => {
  const { cert, key } = makeCertificate({ subject: "stranger" });
  let requests = 0;
  const place = await listen(createServer({ cert, key }, () => requests++));
  await expect(begin().open(`https://${place}`, { network: "any" }).ask(first, never)).rejects.toMatchObject({
    code: "upstream_error",
    message: expect.stringMatching(/DEPTH_ZERO_SELF_SIGNED_CERT/),
  });
  expect(requests).toBe(0);
});

test("what is under way when the thread is stopped fails, and no other thread begins", async () => {
  const place = await listen(
    createPlainServer((_request, response) => {
      response.writeHead(206, { "content-length": 8, "content-range": "bytes 0-7/8" });
      response.write("half");
    }),
  );
  const thread = begin();
  const server = thread.open(`http://${place}`, { network: "any" });
  const { body } = await server.ask(first, never);
  const path = emptyFile();
  const written = Promise.withResolvers<number>();
  const stored = body.store({ path, from: 0, until: 8 }, written.resolve, never);
  const failing = expect(stored).rejects.toMatchObject({ code: "unavailable", isRetryable: false });
  expect(await written.promise).toBe(4);
  expect(server.busyTransfers).toBe(1);
  await thread.stop();
  await failing;
  expect(server.busyTransfers).toBe(0);
  expect(readFileSync(path, "latin1")).toBe("half");
  await expect(server.ask(first, never)).rejects.toMatchObject({ code: "unavailable", isRetryable: false });
});
