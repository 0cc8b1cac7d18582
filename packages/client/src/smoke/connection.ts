import { connect as connectHttp2 } from "node:http2";
import { type IncomingMessage, request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import { TLSSocket } from "node:tls";

/** What is looked at, and as whom. */
export interface Target {
  /** Without a slash at the end. */
  readonly url: string;
  /** An API key or an access token. */
  readonly credential: string | undefined;
}

/** How one request is made. */
export interface Asking {
  readonly body?: object;
  /** Without the target's credential. */
  readonly isAnonymous?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds. Default 30,000. */
  readonly timeoutMs?: number;
}

/** A reply that was read to its end, or until the connection broke. */
export interface Seen {
  /** 101 after an upgrade. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
  /** False when the connection broke before the end. */
  readonly isWhole: boolean;
  /** From the request until half of the body was there, and to its end; milliseconds. */
  readonly halfMs: number;
  readonly endMs: number;
  /** When the certificate ends; undefined without TLS. */
  readonly certificateEnds: Date | undefined;
}

const defaultTimeoutMs = 30_000;

/**
 * Sends one request on a connection of its own. After an upgrade the reply ends with the first bytes of the other side.
 * Rejects with Node's own error when no reply came.
 */
export function look({ url, credential }: Target, path: string, asking: Asking = {}): Promise<Seen> {
  const { body, isAnonymous = false, headers = {}, timeoutMs = defaultTimeoutMs } = asking;
  const { promise, resolve, reject } = Promise.withResolvers<Seen>();
  const startedAtMs = performance.now();
  const sentBody = body === undefined ? undefined : JSON.stringify(body);
  const options = {
    agent: false,
    method: body === undefined ? "GET" : "POST",
    signal: AbortSignal.timeout(timeoutMs),
    headers: {
      ...(credential === undefined || isAnonymous ? {} : { authorization: `Bearer ${credential}` }),
      ...(sentBody === undefined
        ? {}
        : { "content-type": "application/json", "content-length": Buffer.byteLength(sentBody) }),
      ...headers,
    },
  };
  const send = url.startsWith("https:") ? requestTls : requestPlain;
  const outgoing = send(url + path, options);
  const state: { text: string; certificateEnds: Date | undefined } = { text: "", certificateEnds: undefined };
  const arrivals: { readonly atMs: number; readonly characters: number }[] = [];
  const noteBytes = (bytes: Buffer) => {
    state.text += bytes.toString("utf8");
    arrivals.push({ atMs: performance.now() - startedAtMs, characters: state.text.length });
  };
  const finish = ({ statusCode = 0, headers: seen }: IncomingMessage, isWhole: boolean) => {
    const endMs = performance.now() - startedAtMs;
    const half = arrivals.find(({ characters }) => characters >= state.text.length / 2);
    resolve({ status: statusCode, headers: seen, isWhole, halfMs: half?.atMs ?? endMs, endMs, ...state });
  };
  outgoing.on("socket", (socket) => {
    if (!(socket instanceof TLSSocket)) return;
    socket.once("secureConnect", () => {
      state.certificateEnds = new Date(socket.getPeerCertificate().valid_to);
    });
  });
  outgoing.on("response", (reply) => {
    reply.on("data", noteBytes);
    reply.on("end", () => finish(reply, true)).on("error", () => finish(reply, false));
  });
  outgoing.on("upgrade", (reply, socket, head) => {
    const end = () => {
      finish(reply, state.text !== "");
      socket.destroy();
    };
    socket.on("error", end).on("close", end);
    const onBytes = (bytes: Buffer) => {
      noteBytes(bytes);
      end();
    };
    if (head.length > 0) onBytes(head);
    else socket.once("data", onBytes);
  });
  outgoing.on("error", reject).end(sentBody);
  return promise;
}

/** The status of gRPC's health service: 1 is SERVING. Rejects when no answer came, also of something that is no gRPC. */
export function askGrpcHealth(url: string, timeoutMs = defaultTimeoutMs): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const session = connectHttp2(url);
  const late = setTimeout(() => reject(new Error("no answer in time")), timeoutMs);
  session.on("error", reject);
  const stream = session.request({
    ":method": "POST",
    ":path": "/grpc.health.v1.Health/Check",
    "content-type": "application/grpc",
    te: "trailers",
  });
  const pieces: Buffer[] = [];
  stream.on("error", reject);
  stream.on("data", (bytes: Buffer) => pieces.push(bytes));
  // Five bytes of frame, then the field `status`.
  stream.on("end", () => resolve(Buffer.concat(pieces)[6] ?? 0));
  // An empty message: no service, which asks for all.
  stream.end(Buffer.alloc(5));
  return promise.finally(() => {
    clearTimeout(late);
    session.destroy();
  });
}
