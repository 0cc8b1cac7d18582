import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { randomUUID } from "node:crypto";
import { PlatformError } from "@llm-platform/kit";
import { statusOf } from "../core/error-status.ts";
import type { NumberSeries } from "../telemetry/registry.ts";
import { errorHeaders, toOpenAiError } from "./error-envelope.ts";
import type { RequestHandler } from "./inference.ts";

export interface ListenerParts {
  readonly host: string;
  readonly port: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  readonly connections: NumberSeries;
}

/** What a surface serves while it is mounted. */
export interface Mount {
  /** Handlers by exact path. */
  readonly paths: ReadonlyMap<string, RequestHandler>;
  /** Handlers of everything below a path, for example `/integrations/`. */
  readonly prefixes?: ReadonlyMap<string, RequestHandler>;
}

/** The one port of the platform. */
export interface Listener {
  readonly isListening: boolean;
  /** Puts a surface's handlers in place. The returned function takes them away again. */
  mount(mount: Mount): () => void;
  /** Resolves with the address that is listened on. Rejects with PlatformError `unavailable`. */
  listen(): Promise<AddressInfo>;
  /** Answers `connection: close` from now on and takes no new connection. */
  close(): void;
  /** Lets replies that have their end go out, for two seconds at most, and ends every connection. */
  stop(): Promise<void>;
}

const headersTimeoutMs = 20_000;
const requestTimeoutMs = 60_000;
const keepAliveTimeoutMs = 65_000;
const maxHeaderBytes = 16 * 1024;
const maxHeaders = 100;
const timeoutCheckMs = 2_000;
const lastWordsMs = 2_000;
const lastWordsLookMs = 20;

export function createListener(parts: ListenerParts): Listener {
  const paths = new Map<string, RequestHandler>();
  const prefixes = new Map<string, RequestHandler>();
  const state = { isClosing: false };
  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      connectionsCheckingInterval: timeoutCheckMs,
      maxHeaderSize: maxHeaderBytes,
      noDelay: true,
      // Node's own answer to a missing Host has no body; `judgeHead` gives ours.
      requireHostHeader: false,
    },
    (request, response) => {
      if (state.isClosing) response.shouldKeepAlive = false;
      const handler = judgeHead(request) ?? findHandler(request.url ?? "/");
      handler(request, response);
    },
  );
  server.maxConnections = parts.maxConnections;
  // One more than allowed is kept, so that a request with too many can be told from one with just enough.
  server.maxHeadersCount = maxHeaders + 1;
  server.on("clientError", answerClientError);
  boundConnections(server, parts);

  function findHandler(url: string): RequestHandler {
    const query = url.indexOf("?");
    const path = query < 0 ? url : url.slice(0, query);
    const exact = paths.get(path);
    if (exact !== undefined) return exact;
    for (const [prefix, handler] of prefixes) if (path.startsWith(prefix)) return handler;
    return notFound;
  }

  return {
    get isListening() {
      return server.listening;
    },
    mount(mount) {
      for (const [path, handler] of mount.paths) paths.set(path, handler);
      for (const [prefix, handler] of mount.prefixes ?? []) prefixes.set(prefix, handler);
      return () => {
        for (const [path, handler] of mount.paths) if (paths.get(path) === handler) paths.delete(path);
        for (const [prefix, handler] of mount.prefixes ?? [])
          if (prefixes.get(prefix) === handler) prefixes.delete(prefix);
      };
    },
    listen: () => listen(server, parts),
    close() {
      state.isClosing = true;
      server.close();
      server.closeIdleConnections();
    },
    stop() {
      state.isClosing = true;
      return closeWithLastWords(server);
    },
  };
}

/** A call that was ended by the drain still has its error frame to send once its record is durable. */
function closeWithLastWords(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const untilMs = performance.now() + lastWordsMs;
    const look = setInterval(() => {
      if (performance.now() < untilMs) server.closeIdleConnections();
      else server.closeAllConnections();
    }, lastWordsLookMs);
    server.close(() => {
      clearInterval(look);
      resolve();
    });
    server.closeIdleConnections();
  });
}

function listen(server: Server, { host, port }: ListenerParts): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === "EADDRINUSE"
          ? "something else listens there; choose another port with LLM_PLATFORM_SERVER__PORT"
          : (cause.code ?? "unknown reason");
      reject(new PlatformError("unavailable", `Cannot listen on ${host} port ${port}: ${why}.`, { cause }));
    });
    server.listen({ host, port, backlog: 4_096 }, () => {
      const address = server.address();
      if (address === null || typeof address === "string")
        reject(new PlatformError("internal", "The listener has no address."));
      else resolve(address);
    });
  });
}

/** Counts connections and bounds those of one remote address; this machine's own are bounded by the total alone. */
function boundConnections(server: Server, parts: ListenerParts): void {
  const perAddress = new Map<string, number>();
  server.on("connection", (socket) => {
    const address = socket.remoteAddress ?? "";
    const open = (perAddress.get(address) ?? 0) + 1;
    perAddress.set(address, open);
    parts.connections.add(1);
    socket.once("close", () => {
      parts.connections.add(-1);
      const left = (perAddress.get(address) ?? 1) - 1;
      if (left <= 0) perAddress.delete(address);
      else perAddress.set(address, left);
    });
    if (open > parts.maxConnectionsPerAddress && !isLoopback(address)) socket.destroy();
  });
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.") || address.startsWith("::ffff:127.");
}

function notFound(request: IncomingMessage, response: ServerResponse): void {
  const isTrace = request.method === "TRACE" || request.method === "CONNECT";
  answer(
    response,
    isTrace
      ? new PlatformError("method_not_allowed", "This method is not possible here.")
      : new PlatformError(
          "not_found",
          "There is nothing at this path. The OpenAI API is under /v1, the integrations under /integrations/.",
        ),
  );
}

/** What answers a request whose head is refused whatever its path; undefined for a good one. */
function judgeHead(request: IncomingMessage): RequestHandler | undefined {
  if (request.rawHeaders.length > maxHeaders * 2) return tooManyHeaders;
  return request.headers.host === undefined && request.httpVersion === "1.1" ? missingHost : undefined;
}

function missingHost(_request: IncomingMessage, response: ServerResponse): void {
  answer(response, new PlatformError("invalid_request", "The request has no Host header."));
}

function tooManyHeaders(_request: IncomingMessage, response: ServerResponse): void {
  answer(
    response,
    new PlatformError("invalid_request", `The request has more than ${maxHeaders} headers.`),
    431,
  );
}

/** Whether a request only reads. One that does not is answered here: 405, with what is possible. */
export function isRead(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.method === "GET" || request.method === "HEAD") return true;
  response.setHeader("allow", "GET, HEAD");
  answer(response, new PlatformError("method_not_allowed", "This method is not possible here. Use GET."));
  return false;
}

/** Answers in OpenAI's envelope, which clients of every surface can read. */
export function answer(response: ServerResponse, error: PlatformError, status = statusOf(error.code)): void {
  if (response.headersSent || response.destroyed) return;
  const requestId = `req_${randomUUID()}`;
  const body = JSON.stringify(toOpenAiError(error, requestId));
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    connection: "close",
    ...errorHeaders(error, requestId),
  });
  response.end(body);
}

const clientErrors: Readonly<Record<string, { readonly status: string; readonly error: PlatformError }>> = {
  HPE_HEADER_OVERFLOW: {
    status: "431 Request Header Fields Too Large",
    error: new PlatformError("invalid_request", `The headers are larger than ${maxHeaderBytes} bytes.`),
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: "408 Request Timeout",
    error: new PlatformError("request_timeout", "The request did not arrive in time."),
  },
};

/** What the parser refuses never becomes a request: it is answered on the bare socket, and the connection ends. */
function answerClientError(cause: NodeJS.ErrnoException, socket: Socket): void {
  if (cause.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, error } = clientErrors[cause.code ?? ""] ?? {
    status: "400 Bad Request",
    error: new PlatformError("invalid_request", "The request is not valid HTTP/1.1."),
  };
  const requestId = `req_${randomUUID()}`;
  const body = JSON.stringify(toOpenAiError(error, requestId));
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\nx-request-id: ${requestId}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
