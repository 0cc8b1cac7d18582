import {
  Agent as HttpAgent,
  type ClientRequest,
  request as httpRequest,
  type RequestOptions,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { PlatformError } from "../errors.ts";
import type { Upstream, UpstreamLimits, UpstreamReply, UpstreamRequest } from "../upstream.ts";
import { createReplyBody, createReplyHeaders } from "./reply-body.ts";

/** An upstream that can be let go. */
export interface NodeUpstream extends Upstream {
  /** Closes every connection, also those in use. */
  close(): void;
}

interface Connector {
  readonly agent: HttpAgent;
  readonly limits: Required<UpstreamLimits>;
  open(request: UpstreamRequest): ClientRequest;
}

/** An upstream on node:http, pooled, to `http://…`, `https://…` or `unix:/path`. */
export function createNodeUpstream(origin: string, limits: UpstreamLimits = {}): NodeUpstream {
  const connector = createConnector(origin, {
    maxConnections: limits.maxConnections ?? 1024,
    connectTimeoutMs: limits.connectTimeoutMs ?? 5_000,
    idleTimeoutMs: limits.idleTimeoutMs ?? 60_000,
    certificateAuthorities: limits.certificateAuthorities,
  });
  let callsInFlight = 0;
  return {
    get openConnections() {
      return countSockets(connector.agent.sockets) + countSockets(connector.agent.freeSockets);
    },
    async send(request) {
      if (request.cancellation.reason !== undefined) throw request.cancellation.reason;
      if (callsInFlight >= connector.limits.maxConnections) {
        throw new PlatformError(
          "overloaded",
          `${origin} has ${callsInFlight} calls in flight, the most allowed.`,
        );
      }
      callsInFlight += 1;
      const release = onceOnly(() => {
        callsInFlight -= 1;
      });
      try {
        return await sendWithOneReplacement(connector, request, release);
      } catch (error) {
        release();
        throw error;
      }
    },
    close: () => connector.agent.destroy(),
  };
}

function createConnector(origin: string, limits: Required<UpstreamLimits>): Connector {
  const isSecure = origin.startsWith("https:");
  const pool = { keepAlive: true, timeout: limits.idleTimeoutMs };
  const agent = isSecure
    ? new HttpsAgent({ ...pool, ca: limits.certificateAuthorities })
    : new HttpAgent(pool);
  const target: RequestOptions = origin.startsWith("unix:")
    ? { socketPath: origin.slice("unix:".length), host: "localhost" }
    : toHostAndPort(new URL(origin));
  const start = isSecure ? httpsRequest : httpRequest;
  return {
    agent,
    limits,
    open: ({ method, path }) => start({ ...target, agent, method, path }),
  };
}

function toHostAndPort(url: URL): RequestOptions {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return url.port === "" ? { host } : { host, port: url.port };
}

/** A pooled connection may have died unseen: then, and only then, the request is sent once more. */
async function sendWithOneReplacement(
  connector: Connector,
  request: UpstreamRequest,
  onDone: () => void,
): Promise<UpstreamReply> {
  const first = connector.open(request);
  try {
    return await exchange(first, { connector, request, onDone });
  } catch (error) {
    const isReplaceable =
      first.reusedSocket && error instanceof PlatformError && error.code === "upstream_error";
    if (!isReplaceable) throw error;
    return exchange(connector.open(request), { connector, request, onDone });
  }
}

interface ExchangeInput {
  readonly connector: Connector;
  readonly request: UpstreamRequest;
  onDone(): void;
}

function exchange(
  client: ClientRequest,
  { connector, request, onDone }: ExchangeInput,
): Promise<UpstreamReply> {
  const { cancellation } = request;
  return new Promise((resolve, reject) => {
    const stopWaiting = boundConnect(client, connector.limits.connectTimeoutMs);
    const onCancelled = (reason: PlatformError): void => void client.destroy(reason);
    cancellation.onCancel(onCancelled);
    client.on("error", (error) => {
      stopWaiting();
      cancellation.offCancel(onCancelled);
      reject(toUpstreamError(error));
    });
    client.on("response", (message) => {
      cancellation.offCancel(onCancelled);
      message.on("close", onDone);
      resolve({
        status: message.statusCode ?? 0,
        headers: createReplyHeaders(message),
        dialect: request.dialect ?? "openai",
        body: createReplyBody(message, cancellation),
      });
    });
    writeRequest(client, request);
  });
}

/** Fails the request when connecting, TLS included, takes longer than `timeoutMs`. */
function boundConnect(client: ClientRequest, timeoutMs: number): () => void {
  const timer = setTimeout(() => {
    client.destroy(new PlatformError("upstream_timeout", `Connecting took longer than ${timeoutMs} ms.`));
  }, timeoutMs);
  const stop = (): void => clearTimeout(timer);
  client.on("socket", (socket) => {
    if (!socket.connecting) stop();
    else socket.once("encrypted" in socket ? "secureConnect" : "connect", stop);
  });
  return stop;
}

function writeRequest(client: ClientRequest, request: UpstreamRequest): void {
  for (const [name, value] of request.headers) client.appendHeader(name, value);
  if (request.traceparent !== undefined) client.setHeader("traceparent", request.traceparent);
  if (request.method === "POST") client.setHeader("content-length", request.body.byteLength);
  client.end(request.method === "POST" ? request.body : undefined);
}

function toUpstreamError(error: unknown): PlatformError {
  if (error instanceof PlatformError) return error;
  return new PlatformError("upstream_error", "The connection to the upstream failed.", { cause: error });
}

function countSockets(sockets: NodeJS.ReadOnlyDict<readonly unknown[]>): number {
  return Object.values(sockets).reduce((count, list) => count + (list?.length ?? 0), 0);
}

function onceOnly(action: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    action();
  };
}
