import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { PlatformError } from "@llm-platform/kit";
import {
  headTimeoutMs,
  keepAliveTimeoutMs,
  longestHeadBytes,
  mostHeaderLines,
  requestTimeoutMs,
} from "../wire/http-limits.ts";
import { answer, formatBareAnswer } from "./answer.ts";
import type { RequestHandler } from "./inference.ts";
import { isWebSocket, refuseUpgrade, type UpgradeHandler } from "./upgrade.ts";

export interface HttpLaneParts {
  /** Whether replies end their connections. */
  isLettingGo(): boolean;
  /** Whether no connection is made into a WebSocket any more, because the server stops or is short of memory. */
  isClosing(): boolean;
  countRequest(): void;
  findHandler(path: string): RequestHandler | undefined;
  /** For a browser that wants a page. */
  findPage(path: string): RequestHandler | undefined;
  findUpgrade(path: string): UpgradeHandler | undefined;
}

/** node:http on connections that are given to it: for everything that the fast lane does not take. */
export interface HttpLane {
  /** @param peer whose connection it is: the address of its other end */
  take(socket: Socket, peer: string): void;
  /** Ends the connections that carry no request. */
  closeIdle(): void;
  closeAll(): void;
  /** No further connection will come. */
  stop(): void;
}

const timeoutCheckMs = 2_000;

export function createHttpLane(parts: HttpLaneParts): HttpLane {
  const { isLettingGo, isClosing, countRequest, findHandler, findPage, findUpgrade } = parts;
  // Where a reader of HTTP was misled, what it takes for the next request may be somebody's body.
  const refused = new WeakSet<Socket>();
  const peers = new WeakMap<Socket, string>();
  const server: Server = createServer(
    {
      headersTimeout: headTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      connectionsCheckingInterval: timeoutCheckMs,
      maxHeaderSize: longestHeadBytes,
      noDelay: true,
      // Node's own answer to a missing Host has no body; `judgeHead` gives ours.
      requireHostHeader: false,
      // What is refused for its head, and what has no handler of upgrades, is answered as any other request.
      shouldUpgradeCallback: (request) =>
        isWebSocket(request) &&
        judgeHead(request) === undefined &&
        findUpgrade(pathOf(request)) !== undefined,
    },
    (request, response) => {
      // The connection ends with the refusal: no reply to what came behind it would be sent.
      if (refused.has(request.socket)) return;
      countRequest();
      if (isLettingGo()) response.shouldKeepAlive = false;
      const refuse = judgeHead(request);
      if (refuse !== undefined) refused.add(request.socket);
      const path = pathOf(request);
      const page = wantsPage(request) ? findPage(path) : undefined;
      const handler = refuse ?? page ?? findHandler(path) ?? notFound;
      handler(request, response, peers.get(request.socket) ?? "");
    },
  );
  // One more than allowed is kept, so that a request with too many can be told from one with just enough.
  server.maxHeadersCount = mostHeaderLines + 1;
  server.on("upgrade", (request, _socket, head) => {
    countRequest();
    const { socket } = request;
    const upgrade = { request, socket, head, peer: peers.get(socket) ?? "" };
    if (isClosing()) refuseUpgrade(upgrade, noNewSockets());
    else findUpgrade(pathOf(request))?.(upgrade);
  });
  server.on("clientError", answerClientError);
  // Time-outs are watched from this event on; the port itself is another server's.
  server.emit("listening");
  return {
    take(socket, peer) {
      peers.set(socket, peer);
      server.emit("connection", socket);
      socket.resume();
    },
    closeIdle: () => server.closeIdleConnections(),
    closeAll: () => server.closeAllConnections(),
    stop: () => void server.close(),
  };
}

function pathOf({ url = "/" }: IncomingMessage): string {
  const query = url.indexOf("?");
  return query < 0 ? url : url.slice(0, query);
}

/** What a browser says that follows a link; programs ask for what they can read. */
function wantsPage({ method, headers }: IncomingMessage): boolean {
  return (method === "GET" || method === "HEAD") && headers.accept?.includes("text/html") === true;
}

function noNewSockets(): PlatformError {
  return new PlatformError(
    "shutting_down",
    "The server takes no new connection: it stops, or is short of memory. Try again in a few seconds.",
    { retryAfterMs: 1_000 },
  );
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
  const { rawHeaders, headers, httpVersion } = request;
  if (rawHeaders.length > mostHeaderLines * 2) return tooManyHeaders;
  if (countHosts(rawHeaders) > 1) return severalHosts;
  if (httpVersion === "1.1") return headers.host === undefined ? missingHost : undefined;
  if (httpVersion !== "1.0") return unknownVersion;
  return headers["transfer-encoding"] === undefined ? undefined : codingTooEarly;
}

/** node:http shows the first and drops the others, so that whoever reads the last would see another request. */
function countHosts(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? "";
    if (name.length === 4 && name.toLowerCase() === "host") count++;
  }
  return count;
}

function severalHosts(_request: IncomingMessage, response: ServerResponse): void {
  answer(response, new PlatformError("invalid_request", "The request has more than one Host header."));
}

/** llhttp reads a request line that ends behind the target as HTTP/0.9, and headers behind it all the same. */
function unknownVersion(_request: IncomingMessage, response: ServerResponse): void {
  answer(
    response,
    new PlatformError("invalid_request", "The request names no version of HTTP. Use HTTP/1.1."),
  );
}

/** Its framing is faulty, whatever it says (RFC 9112 section 6.1). */
function codingTooEarly(_request: IncomingMessage, response: ServerResponse): void {
  answer(
    response,
    new PlatformError("invalid_request", "HTTP/1.0 has no transfer coding. Use HTTP/1.1, or send a length."),
  );
}

function missingHost(_request: IncomingMessage, response: ServerResponse): void {
  answer(response, new PlatformError("invalid_request", "The request has no Host header."));
}

function tooManyHeaders(_request: IncomingMessage, response: ServerResponse): void {
  answer(
    response,
    new PlatformError("invalid_request", `The request has more than ${mostHeaderLines} headers.`),
    431,
  );
}

const clientErrors: Readonly<Record<string, { readonly status: string; readonly error: PlatformError }>> = {
  HPE_HEADER_OVERFLOW: {
    status: "431 Request Header Fields Too Large",
    error: new PlatformError("invalid_request", `The headers are larger than ${longestHeadBytes} bytes.`),
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
  socket.end(formatBareAnswer(error, status));
}
