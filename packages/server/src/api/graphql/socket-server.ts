import { PlatformError } from "@llm-platform/kit";
import { execute } from "graphql";
import { type Context, handleProtocols, makeServer, type Server } from "graphql-ws";
import { type WebSocket, WebSocketServer } from "ws";
import { scanJsonObject } from "../../wire/json-scan.ts";
import type { CallerHeaders } from "../authenticate.ts";
import { createPingBound, tooManyPings } from "../ping-bound.ts";
import type { UpgradeHandler } from "../upgrade.ts";
import { type CallerParts, type GraphCaller, openCaller, type Origin } from "./graph-caller.ts";
import { GraphCall } from "./graph-call.ts";
import { showGraphError, showResult, toGraphError } from "./graph-errors.ts";
import { readGraphRequest } from "./graph-request.ts";
import { follow, type GraphServer } from "./graph-server.ts";
import type { PersistedOperations } from "./persisted-operations.ts";

export interface SocketServerParts extends CallerParts {
  readonly server: GraphServer;
  readonly persisted: PersistedOperations;
}

/** The graph over WebSockets, in the protocol `graphql-transport-ws`. */
export interface SocketServer {
  readonly upgrade: UpgradeHandler;
  /** Ends every connection: clients come again. */
  close(): void;
}

/** What one connection carries at most at once. */
const mostSubscriptions = 50;
const maxMessageBytes = 1024 * 1024;
const jsonLimits = { maxDepth: 64, maxNodes: 200_000 };
const initTimeoutMs = 3_000;
const pingEveryMs = 12_000;

const badMessage = 4400;
const internalFault = 4500;
const serviceRestart = 1012;
const policyViolation = 1008;

/** One connection. */
interface Connection {
  readonly origin: Origin;
  /** Aborted when it has ended. */
  readonly signal: AbortSignal;
  /** Who asks, by what the client calls its requests. */
  readonly callers: Map<string, GraphCaller>;
}

type Params = Record<string, unknown>;

export function createSocketServer(parts: SocketServerParts): SocketServer {
  const protocol = createProtocol(parts);
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
    handleProtocols,
  });
  return {
    upgrade({ request, socket, head, peer }) {
      sockets.handleUpgrade(request, socket, head, (opened) => serve(opened, { request, peer }, protocol));
    },
    close() {
      for (const each of sockets.clients) each.close(serviceRestart, "The server restarts. Connect again.");
    },
  };
}

function createProtocol(parts: SocketServerParts): Server<Connection> {
  const { server, persisted } = parts;
  const open = (context: Context<Params, Connection>) =>
    openCaller(parts, context.extra.origin, headersOf(context));
  const errorsOf = ({ extra }: Context<Params, Connection>, id: string) =>
    server.errorParts({ requestId: extra.callers.get(id)?.requestId ?? "" });
  return makeServer<Params, Connection>({
    connectionInitWaitTimeout: initTimeoutMs,
    async onConnect(context) {
      try {
        return (await open(context)).unknownCaller === undefined;
      } catch {
        // On record already; the client is told that it may not.
        return false;
      }
    },
    async onSubscribe(context, id, payload) {
      const { extra, subscriptions } = context;
      try {
        if (Object.keys(subscriptions).length > mostSubscriptions) throw tooMany();
        // Each time anew: a key that was revoked, or a token that is over, asks nothing more.
        const caller = await open(context);
        extra.callers.set(id, caller);
        const ready = server.prepare(readGraphRequest(payload, persisted), caller, extra.signal);
        return "fault" in ready ? ready.errors : ready.args;
      } catch (thrown) {
        return [toGraphError(thrown)];
      }
    },
    execute: (args) => execute(args),
    subscribe: (args) =>
      args.contextValue instanceof GraphCall
        ? follow({ ...args, contextValue: args.contextValue })
        : { errors: [toGraphError(undefined)] },
    onNext: (context, id, ...[, , result]) => showResult(result, errorsOf(context, id)),
    onError: (context, id, ...[, errors]) =>
      errors.map((error) => showGraphError(error, errorsOf(context, id))),
    onComplete: ({ extra }, id) => void extra.callers.delete(id),
  });
}

/** Serves a connection until it ends. */
function serve(socket: WebSocket, origin: Origin, protocol: Server<Connection>): void {
  const gone = new AbortController();
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      // Resolves when it is on its way, so that a slow reader is told no more than it reads.
      send: (text) =>
        new Promise((resolve) => {
          if (socket.readyState === socket.OPEN) socket.send(text, () => resolve());
          else resolve();
        }),
      close: (code, reason) => socket.close(code, reason),
      onMessage: (take) => socket.on("message", (data) => void receive(socket, String(data), take)),
    },
    { origin, signal: gone.signal, callers: new Map() },
  );
  const stopPings = keepAlive(socket);
  // Its end is told by `close`.
  socket.on("error", () => undefined);
  socket.once("close", (code, reason) => {
    stopPings();
    gone.abort();
    void closed(code, String(reason));
  });
}

async function receive(
  socket: WebSocket,
  text: string,
  take: (text: string) => Promise<void>,
): Promise<void> {
  const bytes = Buffer.from(text);
  if (scanJsonObject(bytes, { start: 0, end: bytes.length }, jsonLimits) !== undefined) {
    socket.close(badMessage, "Invalid message received");
    return;
  }
  try {
    await take(text);
  } catch {
    socket.close(internalFault, "An unexpected error occurred.");
  }
}

/** Asks now and then whether the client is still there, and ends the connection of one that is not, or asks too often itself. */
function keepAlive(socket: WebSocket): () => void {
  const state = { isThere: true };
  const bound = createPingBound();
  const count = () => {
    if (!bound.take(performance.now())) socket.close(policyViolation, tooManyPings);
  };
  socket.on("ping", count);
  socket.on("pong", () => {
    state.isThere = true;
    count();
  });
  const pings = setInterval(() => {
    if (!state.isThere) socket.terminate();
    else if (socket.readyState === socket.OPEN) {
      state.isThere = false;
      socket.ping();
    }
  }, pingEveryMs);
  return () => clearInterval(pings);
}

/** The headers of the request, with what `connection_init` says in their place: pages cannot set headers. */
function headersOf({ extra, connectionParams = {} }: Context<Params, Connection>): CallerHeaders {
  const { authorization, host, origin, ...others } = extra.origin.request.headers;
  const given = connectionParams["authorization"] ?? connectionParams["Authorization"];
  return {
    host,
    origin,
    authorization: typeof given === "string" ? given : authorization,
    "x-api-key": others["x-api-key"],
    "api-key": others["api-key"],
  };
}

function tooMany(): PlatformError {
  return new PlatformError(
    "rate_limited",
    `A connection carries ${mostSubscriptions} requests at once. End one, or open another connection.`,
  );
}
