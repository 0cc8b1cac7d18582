import { createServer, type Server, type Socket } from "node:net";
import { EventEmitter, once } from "node:events";
import { Cancellation, PlatformError, type ReplyBody } from "@llm-platform/kit";
import { afterEach, describe, expect, it } from "vitest";
import { createUpstreamPool, type UpstreamPool } from "./upstream-pool.ts";

type Serve = (socket: Socket, request: string, count: number) => void;

const open: { readonly server: Server; readonly pool: UpstreamPool; readonly sockets: Set<Socket> }[] = [];

/** A server on bare sockets: `serve` answers each request's bytes as it likes. */
async function startUpstream(
  serve: Serve,
  limits = {},
): Promise<{ readonly pool: UpstreamPool; readonly sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const state = { count: 0 };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (bytes) => serve(socket, bytes.toString("latin1"), ++state.count));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const pool = createUpstreamPool(`http://127.0.0.1:${port}`, limits);
  open.push({ server, pool, sockets });
  return { pool, sockets };
}

afterEach(() => {
  for (const { server, pool, sockets } of open.splice(0)) {
    pool.stop();
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});

function request(cancellation = new Cancellation()): Parameters<UpstreamPool["send"]>[0] {
  return { method: "POST", path: "/v1/x", headers, body: Buffer.from("{}"), cancellation };
}
const headers = [["content-type", "application/json"]] as const;

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

const ok = (text: string) => `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`;

describe("createUpstreamPool", () => {
  it("sends a traceparent as a line of its own, and none that could be more than a line", async () => {
    const seen: string[] = [];
    const { pool } = await startUpstream((socket, text) => {
      seen.push(text);
      socket.write(ok("hello"));
    });
    const good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for (const traceparent of [good, `${good}\r\nx-evil: 1`, undefined])
      await collect((await pool.send({ ...request(), traceparent })).body);
    const plain = seen[2] ?? "";
    expect(seen).toEqual([
      plain.replace("content-length: 2\r\n", `content-length: 2\r\ntraceparent: ${good}\r\n`),
      plain,
      plain,
    ]);
    expect(plain).not.toContain("traceparent");
  });

  it("sends a request and reuses the connection for the next", async () => {
    const seen: string[] = [];
    const { pool, sockets } = await startUpstream((socket, text) => {
      seen.push(text);
      socket.write(ok("hello"));
    });
    for (let turn = 0; turn < 3; turn++)
      expect(await collect((await pool.send(request())).body)).toBe("hello");
    expect(sockets.size).toBe(1);
    expect(seen[0]).toMatch(
      /^POST \/v1\/x HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\ncontent-type: application\/json\r\ncontent-length: 2\r\n\r\n\{\}$/,
    );
  });

  it("tries once more on a new connection when a kept one had died", async () => {
    const { pool } = await startUpstream((socket, _text, count) => {
      if (count === 2) socket.destroy();
      else socket.write(ok(`answer ${count}`));
    });
    await collect((await pool.send(request())).body);
    expect(await collect((await pool.send(request())).body)).toBe("answer 3");
  });

  it("does not try again on a connection that was new", async () => {
    const { pool } = await startUpstream((socket) => socket.destroy());
    await expect(pool.send(request())).rejects.toMatchObject({
      code: "upstream_incomplete",
      isRetryable: true,
    });
  });

  it("skips interim responses", async () => {
    const { pool } = await startUpstream((socket) =>
      socket.write(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${ok("real")}`),
    );
    expect(await collect((await pool.send(request())).body)).toBe("real");
  });

  it.each([
    ["a reply that is not HTTP", "hello\r\n\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"],
    [
      "a length and a transfer coding",
      "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["an unknown transfer coding", "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n"],
    ["a head that is too long", `HTTP/1.1 200 OK\r\nx: ${"y".repeat(40_000)}\r\n\r\n`],
  ])("refuses %s as malformed", async (_what, reply) => {
    const { pool } = await startUpstream((socket) => socket.write(reply));
    await expect(pool.send(request())).rejects.toMatchObject({ code: "upstream_malformed" });
  });

  it("tells the reader of broken chunk framing", async () => {
    const { pool } = await startUpstream((socket) =>
      socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\nzz\r\n"),
    );
    const reply = await pool.send(request());
    await expect(collect(reply.body)).rejects.toMatchObject({ code: "upstream_malformed" });
  });

  it("tells the reader that a body was cut short", async () => {
    const { pool } = await startUpstream((socket) =>
      socket.end("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"),
    );
    const reply = await pool.send(request());
    await expect(collect(reply.body)).rejects.toMatchObject({ code: "upstream_incomplete" });
  });

  it("reads a body that only the end of the connection ends", async () => {
    const { pool } = await startUpstream((socket) => socket.end("HTTP/1.0 200 OK\r\n\r\nall of it"));
    expect(await collect((await pool.send(request())).body)).toBe("all of it");
  });

  it("closes the connection when the call is cancelled before the head", async () => {
    const { pool, sockets } = await startUpstream(() => undefined);
    const cancellation = new Cancellation();
    const sent = pool.send(request(cancellation));
    while (sockets.size === 0) await new Promise((resolve) => setImmediate(resolve));
    const closed = once([...sockets][0] ?? new EventEmitter(), "close");
    cancellation.cancel(new PlatformError("client_cancelled", "gone"));
    await expect(sent).rejects.toMatchObject({ code: "client_cancelled" });
    await closed;
    expect(pool.openConnections).toBe(0);
  });

  it("fails at once at its cap of connections", async () => {
    const { pool } = await startUpstream(() => undefined, { maxConnections: 1 });
    const first = pool.send(request());
    await expect(pool.send(request())).rejects.toMatchObject({ code: "overloaded" });
    pool.stop();
    await first.catch(() => undefined);
  });

  it("drops a connection on which bytes arrive that nobody asked for", async () => {
    const { pool, sockets } = await startUpstream((socket) => socket.write(`${ok("a")}surprise`));
    expect(await collect((await pool.send(request())).body)).toBe("a");
    while (sockets.size > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(pool.openConnections).toBe(0);
  });

  it("says that an upstream refuses connections", async () => {
    const { pool } = await startUpstream(() => undefined);
    const { server } = open[0] ?? {};
    await new Promise((resolve) => server?.close(resolve));
    await expect(pool.send(request())).rejects.toMatchObject({
      code: "upstream_error",
      message: "The upstream refused the connection.",
    });
  });
});

describe("transient reads", () => {
  it("are handed on without a copy, and what must outlive its read is kept", async () => {
    const parts = ["HTTP/1.1 200 OK\r\nconte", "nt-length: 12\r\n\r\nhe", "llo ", "world!"];
    const next = new EventEmitter();
    const { pool } = await startUpstream(
      (socket) => {
        socket.setNoDelay(true);
        socket.write(parts[0] ?? "");
        next.on("next", (index: number) => socket.write(parts[index] ?? ""));
      },
      { areReadsTransient: true },
    );
    const sent = pool.send(request());
    const pieces: Uint8Array[] = [];
    const texts: string[] = [];
    await expect.poll(() => next.listenerCount("next")).toBe(1);
    next.emit("next", 1);
    const { body } = await sent;
    await new Promise<void>((resolve, reject) => {
      body.read({
        data(piece) {
          pieces.push(piece);
          texts.push(Buffer.from(piece).toString());
          if (texts.join("") === "he") next.emit("next", 2);
          if (texts.join("") === "hello ") next.emit("next", 3);
        },
        end: resolve,
        fail: reject,
      });
    });
    expect(texts.join("")).toBe("hello world!");
    expect(new Set(pieces.slice(1).map(({ buffer }) => buffer)).size).toBe(1);
  });
});
