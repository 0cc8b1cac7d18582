import { once } from "node:events";
import {
  connect as connectPlain,
  createServer as createPlainServer,
  type Server,
  type Socket,
} from "node:net";
import { createServer, type TLSSocket, type TlsOptions } from "node:tls";
import { Cancellation, type PlatformError, type ReplyBody } from "@llm-platform/kit";
import { afterEach, describe, expect, it } from "vitest";
import { makeCertificate } from "./certificate.test-data.ts";
import { createUpstreamPool, type UpstreamPool } from "./upstream-pool.ts";

const authority = makeCertificate({ subject: "authority" });
const own = makeCertificate({ subject: "own", issuer: authority });

const servers: Server[] = [];
const sockets = new Set<Socket>();
const pools: UpstreamPool[] = [];

afterEach(() => {
  for (const pool of pools.splice(0)) pool.stop();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

interface Seen {
  readonly isReused: boolean;
  readonly serverName: string | false | undefined;
  readonly protocol: string | null;
  readonly alpn: string | false | null;
}

/** A server with TLS that answers every request with `ok` and closes after it when it is told to. */
async function startServer(options: TlsOptions = {}, answer = keep) {
  const seen: Seen[] = [];
  const server = createServer({ cert: own.cert, key: own.key, ALPNProtocols: ["http/1.1"], ...options });
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  server.on("secureConnection", (socket: TLSSocket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    seen.push({
      isReused: socket.isSessionReused(),
      serverName: Reflect.get(socket, "servername"),
      protocol: socket.getProtocol(),
      alpn: socket.alpnProtocol,
    });
    socket.on("data", () => answer(socket));
  });
  return { port: await listen(server), server, seen };
}

function keep(socket: TLSSocket): void {
  socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
}

function closeAfter(socket: TLSSocket): void {
  socket.end("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok");
}

function openPool(origin: string, limits = {}) {
  const handshakes: string[] = [];
  const pool = createUpstreamPool(origin, { certificateAuthorities: authority.cert, ...limits }, (session) =>
    handshakes.push(session),
  );
  pools.push(pool);
  return { pool, handshakes };
}

/** Sends one request and reads the reply to its end. */
async function ask(pool: UpstreamPool): Promise<string> {
  const cancellation = new Cancellation();
  const reply = await pool.send({
    method: "POST",
    path: "/",
    headers,
    body: Buffer.from("{}"),
    cancellation,
  });
  return collect(reply.body);
}
const headers = [["accept", "*/*"]] as const;

function collect(body: ReplyBody): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    body.read({
      data: (chunk) => {
        text += Buffer.from(chunk).toString();
      },
      end: () => resolve(text),
      fail: reject,
    });
  });
}

function failure(pool: UpstreamPool): Promise<PlatformError> {
  return ask(pool).then(
    () => Promise.reject(new Error("it was answered")),
    (error: PlatformError) => error,
  );
}

describe("an upstream with TLS", () => {
  it.each(["TLSv1.2", "TLSv1.3"] as const)(
    "resumes its session on every further connection: %s",
    async (version) => {
      const { port, seen } = await startServer({ minVersion: version, maxVersion: version }, closeAfter);
      const { pool, handshakes } = openPool(`https://127.0.0.1:${port}`);
      for (let turn = 0; turn < 4; turn++) expect(await ask(pool)).toBe("ok");
      expect(seen.map(({ isReused }) => isReused)).toEqual([false, true, true, true]);
      expect(seen.every(({ protocol, alpn }) => protocol === version && alpn === "http/1.1")).toBe(true);
      expect(handshakes).toEqual(["new", "resumed", "resumed", "resumed"]);
    },
  );

  it("keeps one connection for calls that follow each other", async () => {
    const { port, seen } = await startServer();
    const { pool, handshakes } = openPool(`https://127.0.0.1:${port}`);
    for (let turn = 0; turn < 3; turn++) expect(await ask(pool)).toBe("ok");
    expect([seen.length, handshakes]).toEqual([1, ["new"]]);
  });

  it("makes a new session where the server has forgotten the old one, and resumes that", async () => {
    const { port, server, seen } = await startServer({}, closeAfter);
    const { pool, handshakes } = openPool(`https://127.0.0.1:${port}`);
    for (let turn = 0; turn < 4; turn++) {
      if (turn === 2 && "setTicketKeys" in server && typeof server.setTicketKeys === "function")
        server.setTicketKeys(Buffer.alloc(48, 7));
      expect(await ask(pool)).toBe("ok");
    }
    expect(handshakes).toEqual(["new", "resumed", "new", "resumed"]);
    expect(seen.map(({ isReused }) => isReused)).toEqual([false, true, false, true]);
  });

  it("offers a session no more after a handshake with it broke off", async () => {
    const { port } = await startServer({}, closeAfter);
    const state = { breaksOff: false };
    const proxy = createPlainServer((client) => {
      sockets.add(client);
      client.on("error", () => undefined);
      if (state.breaksOff) {
        client.once("data", () => client.destroy());
        return;
      }
      const through = connectTo(port);
      client.pipe(through).pipe(client);
    });
    const { pool, handshakes } = openPool(`https://127.0.0.1:${await listen(proxy)}`);
    expect(await ask(pool)).toBe("ok");
    state.breaksOff = true;
    expect((await failure(pool)).code).toBe("upstream_incomplete");
    state.breaksOff = false;
    expect(await ask(pool)).toBe("ok");
    expect(handshakes).toEqual(["new", "new"]);
  });

  it.each([
    ["localhost", "localhost"],
    ["127.0.0.1", false],
  ])("names the server by SNI unless it is an address: %s", async (host, expected) => {
    const { port, seen } = await startServer();
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on("warning", onWarning);
    expect(await ask(openPool(`https://${host}:${port}`).pool)).toBe("ok");
    process.off("warning", onWarning);
    expect(seen.map(({ serverName }) => serverName)).toEqual([expected]);
    expect(warnings).toEqual([]);
  });

  it.each<[string, () => TlsOptions, object, RegExp]>([
    ["an issuer that is not trusted", () => ({}), { certificateAuthorities: undefined }, /UNABLE_TO_VERIFY/],
    [
      "a certificate of its own",
      () => makeCertificate({ subject: "alone" }),
      { certificateAuthorities: undefined },
      /DEPTH_ZERO_SELF_SIGNED_CERT/,
    ],
    [
      "another host's certificate",
      () => makeCertificate({ subject: "other", issuer: authority, hosts: ["elsewhere.example"] }),
      {},
      /ERR_TLS_CERT_ALTNAME_INVALID/,
    ],
    [
      "a certificate that has ended",
      () => makeCertificate({ subject: "late", issuer: authority, expires: new Date(Date.now() - 1_000) }),
      {},
      /CERT_HAS_EXPIRED/,
    ],
  ])("sends nothing to a server with %s, however often", async (_what, shown, limits, reason) => {
    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
      let requests = 0;
      const versions = { minVersion: version, maxVersion: version };
      const { port } = await startServer({ ...shown(), ...versions }, () => requests++);
      const { pool, handshakes } = openPool(`https://127.0.0.1:${port}`, limits);
      for (let turn = 0; turn < 3; turn++) {
        const error = await failure(pool);
        expect(error).toMatchObject({ code: "upstream_error", isRetryable: true });
        expect(error.message).toMatch(reason);
      }
      expect([requests, handshakes]).toEqual([0, []]);
    }
  });

  it("tells of a server that speaks no TLS", async () => {
    const plain = createPlainServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    });
    const { pool } = openPool(`https://127.0.0.1:${await listen(plain)}`);
    const error = await failure(pool);
    expect(error.code).toBe("upstream_error");
    expect(error.message).toMatch(/^TLS with the upstream failed \((?:ERR_SSL_|EPROTO)/);
  });

  it.each(["silent", "dripping"])("bounds the handshake by the time to connect: %s", async (way) => {
    const drips: NodeJS.Timeout[] = [];
    const server = createPlainServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      // A handshake record that is said to be long and comes byte by byte.
      if (way === "dripping") {
        socket.write(Buffer.from([0x16, 0x03, 0x03, 0x3f, 0xff, 0x02]));
        drips.push(setInterval(() => socket.write(Buffer.from([0])), 10));
      }
    });
    const { pool } = openPool(`https://127.0.0.1:${await listen(server)}`, { connectTimeoutMs: 150 });
    const startedAt = performance.now();
    const error = await failure(pool);
    for (const drip of drips) clearInterval(drip);
    expect(error.code).toBe("upstream_timeout");
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    await expect.poll(() => pool.openConnections).toBe(0);
  });
});

function connectTo(port: number): Socket {
  const socket = connectPlain(port, "127.0.0.1");
  sockets.add(socket);
  socket.on("error", () => undefined);
  return socket;
}
