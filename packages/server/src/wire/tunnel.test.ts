import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readPeerLine } from "./peer-line.ts";
import { createTunnels, type Tunnels } from "./tunnel.ts";

let folder = "";
let path = "";
let tunnels: Tunnels;
const servers: Server[] = [];
const closes: number[] = [];
const peers: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tunnel-"));
  path = join(folder, "other.sock");
  tunnels = createTunnels(path);
  closes.length = 0;
  peers.length = 0;
});
afterEach(() => {
  tunnels.closeAll();
  for (const server of servers.splice(0)) server.close();
  rmSync(folder, { recursive: true });
});

/** The process at the other end of the tunnels. */
async function openOther(onConnection: (socket: Socket) => void): Promise<void> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    // That the tunnel breaks off is what some of these tests are about.
    socket.on("error", () => undefined);
    readPeerLine(socket, (peer) => {
      peers.push(peer);
      onConnection(socket);
    });
  });
  servers.push(server);
  server.listen(path);
  await once(server, "listening");
}

/** A client whose connection went into a tunnel after `read` was read of it. */
async function enter(read: string): Promise<Socket> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (accepted) => {
    if (read !== "") accepted.unshift(Buffer.from(read));
    tunnels.take(accepted, { peer: accepted.remoteAddress ?? "", onClose: () => closes.push(1) });
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the system gave no port");
  const client = connect({ port: address.port, host: "127.0.0.1", allowHalfOpen: true });
  client.on("error", () => undefined);
  await once(client, "connect");
  return client;
}

function echo(socket: Socket): void {
  socket.pipe(socket);
}

async function readAll(socket: Socket): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part);
  return Buffer.concat(parts);
}

test("every byte goes through both ways, what was read before first, and each side may end its half", async () => {
  await openOther(echo);
  const client = await enter("read before, ");
  const sent = randomBytes(3_000_000);
  const reading = readAll(client);
  client.end(sent);
  const received = await reading;
  expect(received.subarray(0, 13).toString()).toBe("read before, ");
  expect(received.subarray(13).equals(sent)).toBe(true);
  expect(peers).toEqual(["127.0.0.1"]);
  await expect.poll(() => closes.length).toBe(1);
});

test("a client that leaves ends the other side", async () => {
  const gone = Promise.withResolvers<void>();
  await openOther((socket) => {
    socket.on("end", () => gone.resolve());
    socket.write("hello");
    socket.resume();
  });
  const client = await enter("");
  await once(client, "data");
  client.resetAndDestroy();
  await gone.promise;
  await expect.poll(() => closes.length).toBe(1);
});

test("another side that breaks off, or is not there, ends the client", async () => {
  await openOther((socket) => socket.destroy());
  const client = await enter("GET / HTTP/1.1\r\n\r\n");
  client.resume();
  await once(client, "end");
  client.end();
  for (const server of servers.splice(0)) server.close();
  rmSync(path, { force: true });
  const second = await enter("");
  second.resume();
  await once(second, "end");
  await expect.poll(() => closes.length).toBe(2);
});

test("all can be closed at once", async () => {
  await openOther(echo);
  const clients = await Promise.all([enter("a"), enter("b")]);
  await Promise.all(clients.map((client) => once(client, "data")));
  const ends = clients.map((client) => once(client.resume(), "end"));
  tunnels.closeAll();
  await Promise.all(ends);
  await expect.poll(() => closes.length).toBe(2);
});

test("what sends no line with a peer is ended, also when the line comes in pieces", async () => {
  await openOther(echo);
  const other = connect(path);
  other.on("error", () => undefined);
  other.write("x".repeat(300));
  other.resume();
  await once(other, "close");
  expect(peers).toEqual([]);
  const slow = connect(path);
  for (const part of ["19", "2.0.2.1", "\nbytes"]) {
    slow.write(part);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [echoed] = await once(slow, "data");
  expect([peers, String(echoed)]).toEqual([["192.0.2.1"], "bytes"]);
  slow.destroy();
});
