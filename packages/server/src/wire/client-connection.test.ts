import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { adoptSocket, canAdopt, wrapSocket } from "./adopt-socket.ts";
import { ClientConnection, type ClientConnectionOwner } from "./client-connection.ts";
import type { ClientReply } from "./client-reply.ts";

interface Served {
  readonly body: string;
  readonly reply: ClientReply;
}

const servers: Server[] = [];
const sockets = new Set<Socket>();

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

/** A port whose connections are on the lane: what it serves and hands over is gathered. */
async function startLane(adopt: typeof adoptSocket, answer: (served: Served) => void = sendOk) {
  const served: Served[] = [];
  const handed: string[] = [];
  const state = { isLettingGo: false, isClosing: false, closed: 0 };
  const owner: ClientConnectionOwner = {
    get isLettingGo() {
      return state.isLettingGo;
    },
    get isClosing() {
      return state.isClosing;
    },
    findRoute: (path) =>
      path === "/run"
        ? {
            maxBodyBytes: 1_000_000,
            admit: (head) =>
              head.authorization === "no"
                ? undefined
                : {
                    serve(body, reply) {
                      const one = { body: body.toString("latin1"), reply };
                      served.push(one);
                      answer(one);
                    },
                  },
          }
        : undefined,
    countRequest: () => undefined,
    formatTimeout: (error) => `HTTP/1.1 408 Request Timeout\r\n\r\n${error.code}`,
    handOver: (_connection, socket) => {
      sockets.add(socket);
      const index = handed.push("") - 1;
      socket.on("error", () => undefined);
      socket.on("data", (bytes: Buffer) => {
        handed[index] += bytes.toString("latin1");
      });
      socket.write("handed");
      socket.resume();
    },
    onClose: () => {
      state.closed++;
    },
  };
  const connections: ClientConnection[] = [];
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    connections.push(new ClientConnection(owner, { socket, peer: "" }, adopt));
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, served, handed, state, connections };
}

function sendOk({ body, reply }: Served): void {
  reply.send(200, "x-a: b\r\n", Buffer.from(body.toUpperCase()));
}

async function open(port: number) {
  const socket = connect(port, "127.0.0.1");
  sockets.add(socket);
  socket.setNoDelay(true);
  socket.on("error", () => undefined);
  let text = "";
  socket.on("data", (bytes: Buffer) => {
    text += bytes.toString("latin1");
  });
  await once(socket, "connect");
  const until = async (pattern: RegExp | string) => {
    while (!(typeof pattern === "string" ? text.includes(pattern) : pattern.test(text))) {
      // What was not awaited in the end must not leave its listeners on the socket.
      const turn = new AbortController();
      const { signal } = turn;
      await Promise.race([
        once(socket, "data", { signal }),
        once(socket, "close", { signal }).then(() => Promise.reject(new Error(text))),
      ]).finally(() => turn.abort());
    }
    return text;
  };
  return { socket, until };
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
const request = (body: string, more = "") =>
  `POST /run HTTP/1.1\r\nHost: a\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;

it("finds that handles can be moved in this Node", async () => {
  expect(await canAdopt()).toBe(true);
});

describe.each([
  ["adopted", adoptSocket],
  ["wrapped", wrapSocket],
])("a connection of the fast lane, %s", (_name, adopt) => {
  it("serves one request after another", async () => {
    const { port, served } = await startLane(adopt);
    const { socket, until } = await open(port);
    socket.write(request("one"));
    const first = await until("ONE");
    expect(first).toMatch(
      /^HTTP\/1\.1 200 OK\r\ndate: [^\r]+ GMT\r\nx-a: b\r\nconnection: keep-alive\r\ncontent-length: 3\r\n\r\nONE$/,
    );
    socket.write(request("two"));
    await until("TWO");
    expect(served.map(({ body }) => body)).toEqual(["one", "two"]);
  });

  it("reads a request however it is cut", async () => {
    const { port } = await startLane(adopt);
    const text = request("hello");
    for (const cut of [
      1,
      5,
      20,
      text.indexOf("\r\n\r\n") + 1,
      text.indexOf("\r\n\r\n") + 4,
      text.length - 2,
    ]) {
      const { socket, until } = await open(port);
      socket.write(text.slice(0, cut));
      await pause();
      socket.write(text.slice(cut));
      await until("HELLO");
      socket.destroy();
    }
  });

  it("answers requests that were sent together in their order", async () => {
    const { port, served } = await startLane(adopt);
    const { socket, until } = await open(port);
    socket.write(Array.from({ length: 40 }, (_, number) => request(`n${number};`)).join(""));
    const text = await until("N39;");
    expect([...text.matchAll(/N(\d+);/g)].map(([, number]) => Number(number))).toEqual(
      Array.from({ length: 40 }, (_, number) => number),
    );
    expect(served).toHaveLength(40);
  });

  it("takes a large body whole", async () => {
    const { port, served } = await startLane(adopt);
    const { socket, until } = await open(port);
    socket.write(request("x".repeat(999_000)));
    await until("content-length: 999000");
    expect(served[0]?.body.length).toBe(999_000);
  });

  it.each([
    ["another path", "POST /other HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"],
    ["another method", "GET /run HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["a method that is not whole", "GE"],
    ["a caller who is not admitted", request("x", "Authorization: no\r\n")],
    ["a body that is too long", "POST /run HTTP/1.1\r\nHost: a\r\nContent-Length: 1000001\r\n\r\n"],
    ["a chunked body", "POST /run HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["a head that is too long", `POST /run HTTP/1.1\r\nHost: a\r\nX-A: ${"b".repeat(17_000)}`],
  ])("hands over %s with every byte", async (_what, text) => {
    const { port, served, handed } = await startLane(adopt);
    const { socket, until } = await open(port);
    socket.write(request("first") + text);
    await until("handed");
    socket.write("and more");
    await expect
      .poll(() => handed.map((each) => [each.length, each.slice(-12)]))
      .toEqual([[text.length + 8, `${text}and more`.slice(-12)]]);
    expect(served).toHaveLength(1);
  });

  it("says of the last reply that it is, and ends", async () => {
    const { port, state } = await startLane(adopt);
    const { socket, until } = await open(port);
    socket.write(request("bye", "Connection: close\r\n"));
    expect(await until("BYE")).toContain("connection: close\r\n");
    await once(socket, "close");
    const second = await open(port);
    state.isLettingGo = true;
    second.socket.write(request("stop"));
    expect(await second.until("STOP")).toContain("connection: close\r\n");
  });

  it("writes a stream in chunks, its head with the first", async () => {
    const { port } = await startLane(adopt, ({ reply }) => {
      reply.start(200, "content-type: text/event-stream\r\n");
      expect(reply.isStarted).toBe(true);
      reply.write(Buffer.from("data: 1\n\n"));
      reply.write(Buffer.from("x".repeat(20)));
      reply.end();
      reply.write(Buffer.from("late"));
      reply.end();
    });
    const { socket, until } = await open(port);
    socket.write(request(""));
    const text = await until("0\r\n\r\n");
    expect(text).toContain(
      "transfer-encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n14\r\nxxxxxxxxxxxxxxxxxxxx\r\n0\r\n\r\n",
    );
    expect(text).not.toContain("late");
  });

  it("tells a reply that its client left, by either way of leaving", async () => {
    for (const leave of ["destroy", "end"] as const) {
      const gone = Promise.withResolvers<void>();
      const { port, state } = await startLane(adopt, ({ reply }) => {
        reply.watch({ onGone: gone.resolve, onDrain: () => undefined });
        reply.start(200, "");
        reply.write(Buffer.from("x"));
      });
      const { socket, until } = await open(port);
      socket.write(request("a"));
      await until("x");
      socket[leave]();
      await gone.promise;
      expect(state.closed).toBe(1);
    }
  });

  it("lets a writer wait for a slow client", async () => {
    const drained = Promise.withResolvers<void>();
    const { port, served } = await startLane(adopt, ({ reply }) => {
      reply.start(200, "");
      reply.watch({ onGone: () => undefined, onDrain: drained.resolve });
      for (let count = 0; count < 200; count++) reply.write(Buffer.alloc(64 * 1024));
    });
    const { socket } = await open(port);
    socket.pause();
    socket.write(request(""));
    await pause();
    expect(served[0]?.reply.waitingBytes).toBeGreaterThan(1_000_000);
    socket.resume();
    await drained.promise;
    expect(served[0]?.reply.waitingBytes).toBe(0);
  });

  it("is idle between two requests, and not while the first of a new connection may be on its way", async () => {
    const { port, connections } = await startLane(adopt);
    const { socket, until } = await open(port);
    const isIdle = () => connections[0]?.isIdle;
    await expect.poll(isIdle).toBe(false);
    socket.write(request("one"));
    await until("ONE");
    expect(isIdle()).toBe(true);
  });

  it("is idle when nothing came until its deadline was looked at twice", async () => {
    const { port, connections } = await startLane(adopt);
    await open(port);
    await expect.poll(() => connections.length).toBe(1);
    const [connection] = connections;
    connection?.checkDeadline(performance.now());
    expect(connection?.isIdle).toBe(false);
    connection?.checkDeadline(performance.now());
    expect(connection?.isIdle).toBe(true);
  });

  it("stays open between two requests while connections are let go as replies end", async () => {
    const { port, connections, state } = await startLane(adopt);
    const { socket, until } = await open(port);
    socket.write(request("one"));
    await until("ONE");
    state.isLettingGo = true;
    for (const lateMs of [0, 1, 2]) connections[0]?.checkDeadline(performance.now() + lateMs);
    socket.write(request("two"));
    expect(await until("TWO")).toContain("connection: close\r\n");
    await once(socket, "close");
  });

  it("ends a new connection that brings nothing while the server closes", async () => {
    const { port, connections, state } = await startLane(adopt);
    const { socket } = await open(port);
    await expect.poll(() => connections.length).toBe(1);
    state.isClosing = true;
    connections[0]?.checkDeadline(performance.now());
    expect(state.closed).toBe(0);
    connections[0]?.checkDeadline(performance.now() + 1);
    await once(socket, "close");
  });

  it("gives up a request that does not arrive, and a connection that nobody uses", async () => {
    const { port, connections, state } = await startLane(adopt);
    const slow = await open(port);
    slow.socket.write("POST /run HT");
    const idle = await open(port);
    await pause();
    for (const waitMs of [0, 30_000])
      for (const connection of connections) connection.checkDeadline(performance.now() + waitMs);
    expect(await slow.until("408")).toContain("request_timeout");
    expect(state.closed).toBeLessThan(2);
    for (const connection of connections) connection.checkDeadline(performance.now() + 70_000);
    await once(idle.socket, "close");
  });
});
