import { createServer, type Server, type Socket } from "node:net";
import { createExchange, type Exchange, type ReceivedRequest } from "./http-exchange.ts";
import { createRequestReader, type RequestHead } from "./http-request.ts";
import type { Reply } from "./reply.ts";
import { createReplyWriter } from "./reply-writer.ts";

/** What the server asks its owner. */
export type ServerHandlers = {
  /** Called when the head is there. A reply here is sent before the body is read, and the connection ends. */
  early(head: RequestHead, turn: number): Reply | undefined;
  /** Called with every complete request. */
  answer(request: ReceivedRequest): Reply;
  /** Called when a request was taken up, after `answer` or `early`. */
  received(request: ReceivedRequest): void;
};

/** An HTTP/1 server on bare sockets that sends what a `Reply` says, byte for byte. */
export type HttpServer = {
  readonly port: number;
  readonly openConnections: number;
  readonly totalConnections: number;
  readonly isListening: boolean;
  /** Listens on 127.0.0.1; port 0 takes a free one. Throws when it listens already. */
  listen(port: number): Promise<void>;
  /** Stops listening at once, so that new connections are refused. Open ones stay. */
  refuse(): void;
  /** Ends every open connection: by RST in the middle of a reply, by FIN when idle. */
  dropConnections(): void;
  /** Refuses, drops every connection and settles when all are gone. */
  stop(): Promise<void>;
};

/** Room for many connections at once in load tests; the system may cap it lower. */
const backlog = 4096;

type Job = { readonly exchange: Exchange; readonly reply: Reply };

/** Serves one client connection. Returns what ends it from our side. */
function serveConnection(socket: Socket, connection: number, handlers: ServerHandlers): () => void {
  const jobs: Job[] = [];
  const writer = createReplyWriter(socket);
  let current: Exchange | undefined;
  let turn = 0;
  let isDeaf = false;

  const work = async (): Promise<void> => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      current = job.exchange;
      const isReusable = await writer.send(job.reply, job.exchange);
      current = undefined;
      if (!isReusable) return;
      if (/close/i.test(job.exchange.request.header("connection") ?? "")) socket.end();
    }
  };
  const accept = (head: RequestHead, body: Buffer, early: Reply | undefined): void => {
    const exchange = createExchange(head, body, { connection, turn });
    jobs.push({ exchange, reply: early ?? handlers.answer(exchange.request) });
    handlers.received(exchange.request);
    if (current === undefined) void work();
  };
  const endAll = (isAbort: boolean): void => {
    current?.end(isAbort);
    for (const waiting of jobs.splice(0)) waiting.exchange.end(isAbort);
  };
  const reader = createRequestReader({
    head: (head) => {
      turn += 1;
      const early = handlers.early(head, turn);
      if (early !== undefined) {
        isDeaf = true;
        accept(head, Buffer.alloc(0), { ...early, closesAfter: true });
      } else if (/100-continue/i.test(head.header("expect") ?? "")) {
        socket.write("HTTP/1.1 100 Continue\r\n\r\n");
      }
    },
    request: (head, body) => {
      if (!isDeaf) accept(head, body, undefined);
    },
    malformed: () => socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
  });

  socket.setNoDelay(true);
  socket.on("data", (chunk: Buffer) => {
    if (!isDeaf) reader.push(chunk);
  });
  // A reset by the client is ordinary here: `close` follows, and that is what counts.
  socket.on("error", () => undefined);
  socket.on("close", () => endAll(true));
  return () => {
    const isIdle = current === undefined && jobs.length === 0;
    endAll(false);
    // On an idle connection a reset could overtake a reply that the client has yet to read.
    if (isIdle) socket.destroySoon();
    else socket.resetAndDestroy();
  };
}

/** Makes a server that does not listen yet. */
export function createHttpServer(handlers: ServerHandlers): HttpServer {
  const connections = new Map<Socket, () => void>();
  let listener: Server | undefined;
  let port = 0;
  let totalConnections = 0;

  const admit = (socket: Socket): void => {
    totalConnections += 1;
    socket.once("close", () => connections.delete(socket));
    connections.set(socket, serveConnection(socket, totalConnections, handlers));
  };
  const listen = async (wanted: number): Promise<void> => {
    if (listener !== undefined) throw new Error(`the fake already listens on port ${port}`);
    const listening = Promise.withResolvers<void>();
    const next = createServer(admit);
    listener = next;
    next.once("error", (error) => {
      listener = undefined;
      listening.reject(error);
    });
    next.listen({ port: wanted, host: "127.0.0.1", backlog }, () => listening.resolve());
    await listening.promise;
    const address = next.address();
    if (typeof address === "object" && address !== null) port = address.port;
  };
  const refuse = (): void => {
    listener?.close();
    listener = undefined;
  };
  const dropConnections = (): void => {
    for (const drop of connections.values()) drop();
  };
  const stop = async (): Promise<void> => {
    refuse();
    const gone = [...connections.keys()].map((socket) => {
      const closing = Promise.withResolvers<void>();
      socket.once("close", () => closing.resolve());
      return closing.promise;
    });
    dropConnections();
    await Promise.all(gone);
  };

  return {
    get port() {
      return port;
    },
    get openConnections() {
      return connections.size;
    },
    get totalConnections() {
      return totalConnections;
    },
    get isListening() {
      return listener !== undefined;
    },
    listen,
    refuse,
    dropConnections,
    stop,
  };
}
