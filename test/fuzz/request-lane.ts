import type { IncomingMessage, ServerResponse } from "node:http";
import { createListener } from "../../packages/server/src/api/listener.ts";
import { HttpReply } from "../../packages/server/src/api/http-reply.ts";
import { readBody } from "../../packages/server/src/api/read-body.ts";
import { statusOf } from "../../packages/server/src/core/error-status.ts";
import { NumberSeries } from "../../packages/server/src/telemetry/metric-family.ts";
import type { ClientReply } from "../../packages/server/src/wire/client-reply.ts";
import { maxBodyBytes, servedPath } from "./request-draft.ts";

/** A request as the handler behind the parser saw it. */
export type SeenRequest = {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** In Latin-1. */
  readonly body: string;
  /** The error's code of a request that was refused by its head, which ends its connection. */
  readonly refusal?: ErrorCode;
};

/** The listener of the platform with handlers that write down what they are given. */
export type RequestLane = {
  readonly port: number;
  /** Requests whose reply is still to come. */
  readonly pending: number;
  /** Requests that the fast lane served. */
  readonly fastRequests: number;
  /** Requests that were seen whole. */
  readonly seen: number;
  /** Hands over those since the last time, in the order in which they began. */
  take(): readonly SeenRequest[];
  stop(): Promise<void>;
};

type ErrorCode = Parameters<typeof statusOf>[0];

const comparedHeaders = ["host", "authorization", "origin", "traceparent", "x-api-key", "api-key"] as const;
const okBody = Buffer.from("ok");
/** Who says so is refused before the body is read. */
const refusedCaller = "no";

/** Starts a listener on a free port of the loopback. */
export async function createRequestLane(fastLane: boolean): Promise<RequestLane> {
  const state: LaneState = { pending: 0, begun: [], seen: 0 };
  const requests = { fast: new NumberSeries(), node_http: new NumberSeries() };
  const listener = await createListener({
    host: "127.0.0.1",
    port: 0,
    maxConnections: 10_000,
    maxConnectionsPerAddress: 10_000,
    isTight: () => false,
    fastLane,
    connections: new NumberSeries(),
    requests,
  });
  listener.mount({
    routes: [{ method: "POST", path: servedPath, access: "public" }],
    paths: new Map(),
    prefixes: new Map([["", (request, response) => handle(request, response, state)]]),
    fast: new Map([
      [
        servedPath,
        {
          maxBodyBytes,
          admit: (head) => {
            if (head.authorization === refusedCaller) return undefined;
            // The head may change when the next one is read.
            const headers = pickHeaders((name) => head[name]);
            const target = head.path;
            return {
              serve: (body, reply) =>
                begin(state)({ method: "POST", target, headers, body: textOf(body) }, reply),
            };
          },
        },
      ],
    ]),
  });
  const { port } = await listener.listen();
  return {
    port,
    get pending() {
      return state.pending;
    },
    get fastRequests() {
      return requests.fast.value;
    },
    get seen() {
      return state.seen;
    },
    take: () => state.begun.splice(0).flatMap(({ seen }) => (seen === undefined ? [] : [seen])),
    stop: () => listener.stop(),
  };
}

type LaneState = { pending: number; seen: number; readonly begun: { seen?: SeenRequest }[] };

/** Keeps a request's place. What is returned takes the request when it is whole, and answers. */
function begin(state: LaneState): (seen: SeenRequest, reply: ClientReply) => void {
  const place: LaneState["begun"][number] = {};
  state.begun.push(place);
  return (seen, reply) => {
    place.seen = seen;
    state.seen++;
    answer(seen, reply, state);
  };
}

/** As the endpoints of the platform do on node:http. */
function handle(request: IncomingMessage, response: ServerResponse, state: LaneState): void {
  const serve = begin(state);
  const reply = new HttpReply(response);
  const see = (body: string): SeenRequest => ({
    method: request.method ?? "",
    target: request.url ?? "",
    headers: pickHeaders((name) => request.headers[name]?.toString()),
    body,
  });
  if (request.headers.authorization === refusedCaller) {
    serve(see(""), reply);
    return;
  }
  readBody(request, maxBodyBytes, (error, body) => {
    if (error?.code === "client_cancelled") return;
    if (error !== undefined) response.shouldKeepAlive = false;
    const seen = see(textOf(body));
    serve(error === undefined ? seen : { ...seen, refusal: error.code }, reply);
  });
}

/** Every other reply lets a few turns pass first, so that what follows the request comes before the reply. */
function answer({ body, refusal }: SeenRequest, reply: ClientReply, state: { pending: number }): void {
  const status = refusal === undefined ? 200 : statusOf(refusal);
  if (body.length % 2 === 0) {
    reply.send(status, "", okBody);
    return;
  }
  state.pending++;
  setImmediate(() =>
    setImmediate(() => {
      state.pending--;
      reply.send(status, "", okBody);
    }),
  );
}

function pickHeaders(
  valueOf: (name: (typeof comparedHeaders)[number]) => string | undefined,
): SeenRequest["headers"] {
  return Object.fromEntries(comparedHeaders.map((name) => [name, valueOf(name)]));
}

function textOf(body: Buffer): string {
  return body.toString("latin1");
}
