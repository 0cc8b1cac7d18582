import { type AddressInfo, createServer, type Socket } from "node:net";
import { PlatformError, toPlatformError } from "@llm-platform/kit";
import { shuttingDown } from "../../gateway/admit.ts";
import type { PlatformLog } from "../../telemetry/log.ts";
import type { NumberSeries } from "../../telemetry/metric-family.ts";
import { Deadlines } from "../../wire/deadlines.ts";
import { encodeHeaders } from "../../wire/hpack-encoder.ts";
import { HuffmanDecoder } from "../../wire/hpack-huffman.ts";
import { http2Codes } from "../../wire/http2-error.ts";
import type { Http2Stream } from "../../wire/http2-stream.ts";
import { newRequestId } from "../../wire/request-id.ts";
import type { ReadAddress, ReadCaller } from "../client-address.ts";
import type { ConnectionBounds } from "../connection-bounds.ts";
import { createTlsDoor, type Tls } from "../tls-door.ts";
import { type AdmissionParts, admitCaller } from "./admission.ts";
import { GrpcCall, requestTimeoutMs } from "./call.ts";
import { type CallHead, CallHeads } from "./call-head.ts";
import type { GrpcMethod } from "./method.ts";
import { type SessionParts, Sessions } from "./sessions.ts";
import { grpcStatusNames, grpcStatusOf } from "./status.ts";
import { parseTimeout } from "./timeout.ts";

export interface GrpcServerParts extends AdmissionParts {
  readonly host: string;
  readonly port: number;
  readonly methods: readonly GrpcMethod[];
  readonly bounds: ConnectionBounds;
  /** Calls at the same time over one connection. */
  readonly maxConcurrentStreams: number;
  readonly sessions: SessionParts;
  readonly readCaller: ReadCaller;
  /** Undefined where no address has a limit. */
  readonly readAddress: ReadAddress | undefined;
  /** Undefined for plain connections. */
  readonly tls: Tls | undefined;
  readonly log: PlatformLog;
  /** Calls that ended, by their kind, service, method and status. */
  countHandled(method: GrpcMethod, status: string): NumberSeries;
}

/** A server of gRPC on a port of its own (github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md). */
export interface GrpcServer {
  readonly isListening: boolean;
  /** Resolves with the address that is listened on. Rejects with PlatformError `unavailable`. */
  listen(): Promise<AddressInfo>;
  /** Takes no new connection, sends clients elsewhere, and ends what would never end. Calls that have begun go on. */
  close(): void;
  /** Ends every call that is left with `shutting_down`, lets that be heard, and ends every connection. */
  stop(): Promise<void>;
}

/** What calls that were ended get to tell their client. */
const lastWordsMs = 2_000;
const lastWordsLookMs = 20;

export function createGrpcServer(parts: GrpcServerParts): GrpcServer {
  const sessions = new Sessions(parts.sessions);
  const calls = new Calls(parts);
  const huffman = new HuffmanDecoder();
  const { maxConcurrentStreams } = parts;
  const serve = (socket: Socket) => {
    const heads = calls.headsOf(socket.remoteAddress ?? "");
    sessions.add({
      socket,
      huffman,
      maxConcurrentStreams,
      onStream: (stream) => calls.take(stream, heads.read(stream.headers)),
      onFault: (error) => parts.log.error("grpc.connection_failed", { error: toPlatformError(error) }),
    });
  };
  const door =
    parts.tls === undefined ? undefined : createTlsDoor(parts.tls, { protocol: "h2", onSecure: serve });
  const port = createServer({ noDelay: true }, (socket) => {
    const onClose = parts.bounds.add(socket);
    if (onClose === undefined) {
      socket.destroy();
      return;
    }
    socket.once("close", onClose);
    if (door === undefined) serve(socket);
    else door.take(socket);
  });
  const close = () => {
    port.close();
    door?.closeIdle();
    calls.endEndless();
    sessions.leave();
  };
  return {
    get isListening() {
      return port.listening;
    },
    listen: () => listen(port, parts),
    close,
    async stop() {
      close();
      calls.endAll();
      const untilMs = performance.now() + lastWordsMs;
      while (sessions.count > 0 && performance.now() < untilMs)
        await new Promise((resolve) => setTimeout(resolve, lastWordsLookMs));
      sessions.destroy();
      calls.stop();
      door?.closeAll();
      door?.stop();
    },
  };
}

function listen(
  server: ReturnType<typeof createServer>,
  { host, port }: GrpcServerParts,
): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === "EADDRINUSE"
          ? "something else listens there; choose another port with LLM_PLATFORM_GRPC__PORT"
          : (cause.code ?? "unknown reason");
      reject(
        new PlatformError("unavailable", `Cannot listen for gRPC on ${host} port ${port}: ${why}.`, {
          cause,
        }),
      );
    });
    server.listen({ host, port }, () => {
      const address = server.address();
      if (address === null || typeof address === "string")
        reject(new PlatformError("internal", "The server for gRPC has no address."));
      else resolve(address);
    });
  });
}

/** The calls of a server. */
class Calls {
  readonly #parts: GrpcServerParts;
  readonly #methods: ReadonlyMap<string, GrpcMethod>;
  /** Looked after once a second: what is waited for takes longer. */
  readonly #open = new Deadlines<GrpcCall>(1_000);
  readonly #series = new Map<GrpcMethod, NumberSeries[]>();
  readonly #onEnd = (call: GrpcCall, error: PlatformError | undefined) => this.#settle(call, error);

  constructor(parts: GrpcServerParts) {
    this.#parts = parts;
    this.#methods = new Map(parts.methods.map((method) => [method.path, method]));
  }

  /** @param peer address of a connection's other end */
  headsOf(peer: string): CallHeads {
    const { readCaller, readAddress } = this.#parts;
    return new CallHeads({ methods: this.#methods, readCaller, readAddress, peer });
  }

  take(stream: Http2Stream, head: CallHead): void {
    if (!head.isGrpc) {
      refuseHttp(stream);
      return;
    }
    const call = new GrpcCall({
      stream,
      head,
      method: head.method ?? unknownMethod,
      requestId: newRequestId(),
      auditor: this.#parts.auditor,
      onEnd: this.#onEnd,
    });
    this.#open.add(call);
    this.#admit(call, head);
  }

  endEndless(): void {
    for (const call of this.#open.members) if (call.method.isEndless) call.fail(shuttingDown());
  }

  endAll(): void {
    for (const call of this.#open.members) call.fail(shuttingDown());
  }

  stop(): void {
    this.#open.stop();
  }

  #admit(call: GrpcCall, { timeout, credentials }: CallHead): void {
    try {
      if (call.method === unknownMethod) throw notThere();
      if (timeout !== undefined) call.endAfter(parseTimeout(timeout));
      const admitted = admitCaller(this.#parts, call, credentials);
      if (admitted instanceof Promise)
        admitted.then(
          (known) => call.serve(known),
          (error: unknown) => call.fail(error),
        );
      else call.serve(admitted);
    } catch (error) {
      call.fail(error);
    }
  }

  #settle(call: GrpcCall, error: PlatformError | undefined): void {
    const { log } = this.#parts;
    this.#open.delete(call);
    const { method } = call;
    this.#seriesOf(method, error === undefined ? 0 : grpcStatusOf(error.code)).add();
    if (error?.code === "internal") log.error("grpc.failed", { method: method.path, error });
  }

  /** Resolved once for each method and status. */
  #seriesOf(method: GrpcMethod, status: number): NumberSeries {
    const known = this.#series.get(method) ?? [];
    this.#series.set(method, known);
    const series = known[status] ?? this.#parts.countHandled(method, grpcStatusNames[status] ?? "UNKNOWN");
    known[status] = series;
    return series;
  }
}

/** Stands for every method that there is not, so that clients cannot make series of metrics. */
const unknownMethod: GrpcMethod = {
  path: "unknown",
  service: "unknown",
  name: "unknown",
  kind: "unary",
  access: "public",
  maxMessageBytes: 0,
  isEndless: false,
  answer: () => Promise.reject(notThere()),
};

/** Tells what is no gRPC that this port speaks nothing else, once its request is there. */
function refuseHttp(stream: Http2Stream): void {
  const status = stream.headers[":method"] === "POST" ? 415 : 405;
  const late = setTimeout(() => stream.reset(http2Codes.CANCEL), requestTimeoutMs);
  stream.watch({
    onData: () => undefined,
    onEnd() {
      clearTimeout(late);
      stream.respond(encodeHeaders({ ":status": status, "content-type": "text/plain" }), false);
      stream.write(Buffer.from("This port speaks gRPC. HTTP is at the port of `server.port`.\n"));
      stream.end("");
    },
    onDrain: () => undefined,
    onGone: () => clearTimeout(late),
  });
}

function notThere(): PlatformError {
  return new PlatformError(
    "method_not_allowed",
    "There is no such method. See contracts/platform.proto, or ask by reflection where that is switched on.",
  );
}
