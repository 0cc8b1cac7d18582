import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from "node:http2";
import { connect as connectPlain, isIP, type LookupFunction } from "node:net";
import { connect as connectTls } from "node:tls";
import { type NetworkReach, PlatformError } from "@llm-platform/kit";
import { collectOrigins, judgeAddress } from "./control-fetch.ts";
import { readRetryDelayMs } from "./grpc-retry-info.ts";
import { createGuardedLookup } from "./guarded-lookup.ts";

export interface GrpcClientParts {
  /** `http://host:port` or `https://host:port`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Issuers in PEM that the server's certificate must come from. Default: those that Node trusts. */
  readonly certificateAuthorities: string | undefined;
  /** Of one call, until its answer is whole. */
  readonly deadlineMs: number;
  /** Where the server may be. Default any. */
  readonly network?: NetworkReach | undefined;
}

/**
 * Calls methods of a gRPC server whose answers are short, over one connection that is made anew when it is lost. HTTP/2 is
 * Node's own; of gRPC's protocol over it ("gRPC over HTTP2"), messages and the trailers with the status are read here:
 *
 *     message = %x00 length bytes       ; the length of 4 bytes, nothing compressed
 */
export interface GrpcClient {
  /**
   * Resolves with the answer's message, as far as that has 64 KiB at most; of a longer one with none. Rejects with
   * PlatformError `upstream_auth`, `upstream_timeout`, `upstream_error`, or `forbidden` for an address out of reach.
   */
  call(path: string, message: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
  close(): void;
}

/** Statuses after which OTLP lets the same request be sent again. */
const retryable = new Set([1, 4, 10, 11, 14, 15]);
/** After this one it may only where the server says when. */
const exhausted = 8;
const refusedStatuses = new Set([7, 16]);
const headBytes = 5;
const longestAnswer = 64 * 1024;

export function createGrpcClient({
  url,
  headers,
  certificateAuthorities,
  deadlineMs,
  network = "any",
}: GrpcClientParts): GrpcClient {
  const lookup = createGuardedLookup(network);
  const { origin } = new URL(url);
  let session: ClientHttp2Session | undefined;

  function open(): ClientHttp2Session {
    if (session !== undefined && !session.closed && !session.destroyed) return session;
    judgeAddress(url, collectOrigins([url]), network);
    const made = connect(origin, { createConnection: () => dial(origin, lookup, certificateAuthorities) });
    // Each call in flight hears of it as well.
    made.on("error", () => made.destroy());
    made.unref();
    session = made;
    return made;
  }

  return {
    async call(path, message, signal) {
      const deadline = AbortSignal.timeout(deadlineMs);
      const answer = await exchange(open(), {
        headers: { ...headers, ":method": "POST", ":path": path },
        message,
        signal: AbortSignal.any([signal, deadline]),
      }).catch((cause: unknown) => {
        throw deadline.aborted
          ? new PlatformError("upstream_timeout", "The server did not answer in time.", {
              cause,
              isRetryable: true,
            })
          : new PlatformError("upstream_error", "The server could not be reached over gRPC.", {
              cause,
              isRetryable: true,
            });
      });
      if (answer.status !== 0) throw toGrpcError(answer);
      return answer.message;
    },
    close: () => session?.destroy(),
  };
}

function dial(origin: string, lookup: LookupFunction, ca: string | undefined) {
  const { protocol, hostname, port } = new URL(origin);
  const host = hostname.replace(/^\[|\]$/g, "");
  if (protocol === "http:") return connectPlain({ host, port: Number(port || 80), lookup });
  const trust = ca === undefined ? {} : { ca };
  return connectTls({
    host,
    port: Number(port || 443),
    lookup,
    // Addresses are not sent by SNI (RFC 6066 section 3).
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ALPNProtocols: ["h2"],
    ...trust,
  });
}

interface GrpcRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly message: Uint8Array;
  readonly signal: AbortSignal;
}

interface GrpcAnswer {
  readonly status: number;
  /** Empty where there was none. */
  readonly message: Uint8Array;
  /** When the server wants the call again; undefined where it does not say. */
  readonly retryAfterMs: number | undefined;
}

function exchange(
  session: ClientHttp2Session,
  { headers, message, signal }: GrpcRequest,
): Promise<GrpcAnswer> {
  const stream = session.request(
    { ...headers, "content-type": "application/grpc", te: "trailers", "user-agent": "llm-platform" },
    { signal },
  );
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(message.length, 1);
  stream.write(head);
  stream.end(message);
  return new Promise((resolve, reject) => {
    let status: number | undefined;
    let retryAfterMs: number | undefined;
    const chunks: Buffer[] = [];
    let length = 0;
    const note = (fields: IncomingHttpHeaders) => {
      const text = fields["grpc-status"];
      if (typeof text === "string") status = Number(text);
      const details = fields["grpc-status-details-bin"];
      if (typeof details === "string") retryAfterMs = readRetryDelayMs(details);
    };
    stream.on("response", (fields) => {
      note(fields);
      const httpStatus = Number(fields[constants.HTTP2_HEADER_STATUS]);
      if (httpStatus !== 200) reject(new Error(`the server answered HTTP ${httpStatus}`));
    });
    stream.on("trailers", note);
    stream.on("error", reject);
    stream.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length <= longestAnswer) chunks.push(chunk);
    });
    stream.on("close", () => {
      const answer = length <= longestAnswer ? Buffer.concat(chunks).subarray(headBytes) : noMessage;
      if (status === undefined) reject(new Error("the answer had no status"));
      else resolve({ status, message: answer, retryAfterMs });
    });
  });
}

const noMessage = new Uint8Array();

function toGrpcError({ status, retryAfterMs }: GrpcAnswer): PlatformError {
  if (refusedStatuses.has(status))
    return new PlatformError("upstream_auth", `The server refused the credential (gRPC status ${status}).`);
  return new PlatformError("upstream_error", `The server answered with gRPC status ${status}.`, {
    isRetryable: retryable.has(status) || (status === exhausted && retryAfterMs !== undefined),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
