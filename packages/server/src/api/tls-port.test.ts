import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { Agent as HttpAgent, IncomingMessage, ServerResponse } from "node:http";
import { Agent, request } from "node:https";
import { connect as connectPlain, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NumberSeries } from "../telemetry/metric-family.ts";
import { type Certificate, makeCertificate } from "../wire/certificate.test-data.ts";
import { createListener, type Listener } from "./listener.ts";
import { openTlsSource } from "./tls-source.ts";

const authority = makeCertificate({ subject: "authority" });
const stranger = makeCertificate({ subject: "stranger" });
const first = makeCertificate({ subject: "first", issuer: authority });
const second = makeCertificate({ subject: "second", issuer: authority });

let folder = "";
const listeners: Listener[] = [];
const sockets: Socket[] = [];
const agents: HttpAgent[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tls-port-"));
});
afterEach(async () => {
  for (const agent of agents.splice(0)) agent.destroy();
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const listener of listeners.splice(0)) await listener.stop();
  await rm(folder, { recursive: true });
});

interface Wishes {
  readonly maxConnections?: number;
  readonly handshakeTimeoutMs?: number;
  readonly asksClients?: boolean;
}

/** A port with TLS that echoes: `/fast` on the fast lane, everything on node:http. */
async function startPort({ maxConnections = 100, handshakeTimeoutMs, asksClients = false }: Wishes = {}) {
  const file = (name: string) => join(folder, name);
  const write = async ({ cert, key }: Certificate) => {
    await writeFile(file("key.pem"), key);
    await writeFile(file("cert.pem"), cert);
  };
  await write(first);
  await writeFile(file("ca.pem"), authority.cert);
  const series = () => new NumberSeries();
  const counts = { fast: series(), node_http: series(), connections: series() };
  const handshakes = { success: series(), failure: series() };
  const quiet = () => undefined;
  const source = await openTlsSource({
    files: {
      certificate: file("cert.pem"),
      key: file("key.pem"),
      clientAuthorities: asksClients ? file("ca.pem") : undefined,
      minVersion: "TLSv1.2",
    },
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    expiry: series(),
    reloads: { success: series(), failure: series() },
    lookEveryMs: 10,
  });
  const listener = await createListener({
    host: "127.0.0.1",
    port: 0,
    maxConnections,
    maxConnectionsPerAddress: maxConnections,
    isTight: () => false,
    fastLane: true,
    connections: counts.connections,
    requests: counts,
    tls: { source, handshakes, ...(handshakeTimeoutMs === undefined ? {} : { handshakeTimeoutMs }) },
  });
  listeners.push(listener);
  listener.mount({
    routes: [{ method: "POST", path: "/slow", access: "public" }],
    paths: new Map([["/slow", echo]]),
    fast: new Map([
      [
        "/fast",
        {
          maxBodyBytes: 10_000_000,
          admit: () => ({
            serve(body, reply) {
              reply.start(200, "x-lane: fast\r\n");
              reply.write(body.subarray(0, body.length >> 1));
              reply.write(body.subarray(body.length >> 1));
              reply.end();
            },
          }),
        },
      ],
    ]),
  });
  const { port } = await listener.listen();
  const renewed = new Promise<void>((resolve) => source.onRenewed(() => resolve()));
  return { listener, port, counts, handshakes, write, renewed };
}

function echo(incoming: IncomingMessage, response: ServerResponse): void {
  response.setHeader("x-lane", "node_http");
  incoming.pipe(response);
}

/** One HTTPS request by Node's own client. */
function ask(
  port: number,
  path: string,
  asking: { readonly body: Buffer; readonly agent: Agent; readonly chunked?: boolean },
): Promise<{ readonly body: Buffer; readonly lane: unknown; readonly subject: string }> {
  return new Promise((resolve, reject) => {
    const { body, agent, chunked = false } = asking;
    const headers = chunked ? {} : { "content-length": body.length };
    const outgoing = request({ port, host: "127.0.0.1", path, method: "POST", agent, headers }, (reply) => {
      const socket = reply.socket as TLSSocket;
      const chunks: Buffer[] = [];
      reply.on("data", (chunk: Buffer) => chunks.push(chunk));
      reply.on("error", reject);
      reply.on("end", () =>
        resolve({
          body: Buffer.concat(chunks),
          lane: reply.headers["x-lane"],
          subject: String(socket.getPeerCertificate().subject.CN),
        }),
      );
    });
    outgoing.on("error", reject);
    if (chunked)
      for (let at = 0; at < body.length; at += 50_000) outgoing.write(body.subarray(at, at + 50_000));
    outgoing.end(chunked ? undefined : body);
  });
}

function keepingAgent(options: ConnectionOptions = {}): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: authority.cert, ...options });
  agents.push(agent);
  return agent;
}

async function openTls(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: "127.0.0.1", ca: authority.cert, ...options });
  sockets.push(socket);
  await once(socket, "secureConnect");
  return socket;
}

async function openPlain(port: number): Promise<Socket> {
  const socket = connectPlain(port, "127.0.0.1");
  sockets.push(socket);
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.resume();
  return socket;
}

/** Settles when the connection has ended, with an error or without. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

/** Bytes of which each says where it stands. */
function pattern(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, at) => (at * 7 + (at >> 8)) % 251));
}

describe("the port with TLS", () => {
  it("serves both lanes on one connection, and hands every byte over", async () => {
    const { port, counts, handshakes } = await startPort();
    const agent = keepingAgent();
    for (const length of [1, 20_000, 300_000]) {
      const body = pattern(length);
      expect(await ask(port, "/fast", { body, agent })).toMatchObject({ body, lane: "fast" });
    }
    const large = pattern(1_000_000);
    expect(await ask(port, "/slow", { body: large, agent })).toMatchObject({
      body: large,
      lane: "node_http",
    });
    expect(await ask(port, "/slow", { body: large, agent, chunked: true })).toMatchObject({ body: large });
    expect([counts.fast.value, counts.node_http.value]).toEqual([3, 2]);
    expect(handshakes.success.value).toBe(1);
  });

  it.each([1_000, 200_000])(
    "hands over a request that came with the one before it, %i bytes",
    async (size) => {
      const { port, counts } = await startPort();
      const socket = await openTls(port);
      const body = pattern(size);
      const head = (path: string, close = "") =>
        `POST ${path} HTTP/1.1\r\nHost: a\r\n${close}Content-Length: ${size}\r\n\r\n`;
      socket.write(
        Buffer.concat([
          Buffer.from(head("/fast")),
          body,
          Buffer.from(head("/slow", "Connection: close\r\n")),
          body,
        ]),
      );
      const chunks: Buffer[] = [];
      for await (const chunk of socket) chunks.push(Buffer.from(chunk));
      const text = Buffer.concat(chunks).toString("latin1");
      expect(text.split("HTTP/1.1 200 OK")).toHaveLength(3);
      expect(counts).toMatchObject({ fast: { value: 1 }, node_http: { value: 1 } });
      expect(decodeChunks(text.slice(text.indexOf("x-lane: node_http"))).equals(body)).toBe(true);
    },
  );

  it("agrees on http/1.1 and refuses a client that speaks nothing else than h2", async () => {
    const { port } = await startPort();
    expect((await openTls(port, { ALPNProtocols: ["h2", "http/1.1"] })).alpnProtocol).toBe("http/1.1");
    await expect(openTls(port, { ALPNProtocols: ["h2"] })).rejects.toThrow(/no application protocol/i);
  });

  it("ends a handshake that takes too long, and goes on with the others", async () => {
    const { port, counts, handshakes } = await startPort({ handshakeTimeoutMs: 100 });
    const agent = keepingAgent();
    const half = await openPlain(port);
    const dripping = await openPlain(port);
    // The first bytes of a ClientHello whose rest comes byte by byte.
    dripping.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00]));
    const drip = setInterval(() => dripping.write(Buffer.from([0x01])), 20);
    const ends = Promise.all([closed(half), closed(dripping)]);
    expect(await ask(port, "/fast", { body: Buffer.from("ab"), agent })).toMatchObject({ lane: "fast" });
    await ends;
    clearInterval(drip);
    expect(handshakes.failure.value).toBe(2);
    await expect.poll(() => counts.connections.value).toBe(1);
  });

  it("ends plain HTTP and harms nobody else", async () => {
    const { port, handshakes } = await startPort();
    const agent = keepingAgent();
    await ask(port, "/fast", { body: Buffer.from("ab"), agent });
    const plain = await openPlain(port);
    plain.write("POST /fast HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}");
    await closed(plain);
    expect(handshakes.failure.value).toBe(1);
    expect(await ask(port, "/fast", { body: Buffer.from("cd"), agent })).toMatchObject({ lane: "fast" });
    expect(handshakes.success.value).toBe(1);
  });

  it("counts handshakes under way among the connections", async () => {
    const { port, counts } = await startPort({ maxConnections: 2 });
    await openPlain(port);
    const second = await openPlain(port);
    await expect.poll(() => counts.connections.value).toBe(2);
    await expect(openTls(port)).rejects.toThrow();
    second.destroy();
    await expect.poll(() => counts.connections.value).toBe(1);
    expect((await openTls(port)).authorized).toBe(true);
  });

  it("shows the new certificate to new connections, and leaves the others open", async () => {
    const { port, write, renewed } = await startPort();
    const [before, after] = [keepingAgent(), keepingAgent()];
    const body = Buffer.from("ab");
    expect(await ask(port, "/fast", { body, agent: before })).toMatchObject({ subject: "first" });
    await write(second);
    await renewed;
    expect(await ask(port, "/fast", { body, agent: before })).toMatchObject({ subject: "first", body });
    expect(await ask(port, "/fast", { body, agent: after })).toMatchObject({ subject: "second", body });
  });

  it("serves clients with a certificate of the right issuer only", async () => {
    const { port, counts, handshakes } = await startPort({ asksClients: true });
    const body = Buffer.from("ab");
    const known = makeCertificate({ subject: "client", issuer: authority });
    const good = keepingAgent({ cert: known.cert, key: known.key });
    expect(await ask(port, "/fast", { body, agent: good })).toMatchObject({ body });
    await expect(ask(port, "/fast", { body, agent: keepingAgent() })).rejects.toThrow();
    const foreign = keepingAgent({ cert: stranger.cert, key: stranger.key });
    await expect(ask(port, "/fast", { body, agent: foreign })).rejects.toThrow();
    expect(counts.fast.value).toBe(1);
    await expect.poll(() => handshakes.failure.value).toBe(2);
  });

  it("resumes a session, also of a client with a certificate", async () => {
    const known = makeCertificate({ subject: "client", issuer: authority });
    const { port } = await startPort({ asksClients: true });
    const shown = { cert: known.cert, key: known.key };
    const socket = await openTls(port, shown);
    socket.write("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab");
    const [session]: Buffer[] = await once(socket, "session");
    const again = await openTls(port, { ...shown, ...(session === undefined ? {} : { session }) });
    expect(again.isSessionReused()).toBe(true);
  });

  it("stops at once while a handshake is under way", async () => {
    const { port, listener, counts } = await startPort();
    const half = await openPlain(port);
    await expect.poll(() => counts.connections.value).toBe(1);
    const startedAt = performance.now();
    const end = closed(half);
    await listener.stop();
    await end;
    expect(performance.now() - startedAt).toBeLessThan(1_500);
  });
});

/** The body of a chunked reply that `text` holds, from anywhere in its head on. */
function decodeChunks(text: string): Buffer {
  let at = text.indexOf("\r\n\r\n") + 4;
  let body = "";
  for (;;) {
    const lineEnd = text.indexOf("\r\n", at);
    const length = Number.parseInt(text.slice(at, lineEnd), 16);
    if (!(length > 0)) return Buffer.from(body, "latin1");
    body += text.slice(lineEnd + 2, lineEnd + 2 + length);
    at = lineEnd + 2 + length + 2;
  }
}
