import type { Http2Headers } from "../../wire/http2-headers.ts";
import type { CallerHeaders } from "../authenticate.ts";
import type { ReadAddress, ReadCaller } from "../client-address.ts";
import { toTraceparent } from "../traceparent.ts";
import type { GrpcMethod } from "./method.ts";

/** What the headers of a call say, together with whose connection it is. */
export interface CallHead {
  /** Whether the request is one of gRPC at all. */
  readonly isGrpc: boolean;
  /** Undefined where there is no such method. */
  readonly method: GrpcMethod | undefined;
  /** The header `grpc-encoding`. */
  readonly encoding: string;
  /** The header `grpc-timeout`. */
  readonly timeout: string | undefined;
  /** Of the caller, whole; undefined where it is not known. */
  readonly address: string | undefined;
  /** What the caller's address is counted by; undefined where none has a limit. */
  readonly countedBy: string | undefined;
  readonly traceparent: string | undefined;
  readonly credentials: CallerHeaders;
}

export interface CallHeadParts {
  readonly methods: ReadonlyMap<string, GrpcMethod>;
  readonly readCaller: ReadCaller;
  readonly readAddress: ReadAddress | undefined;
  /** Address of the connection's other end; empty where it is not known. */
  readonly peer: string;
}

/** Reads the heads of the calls of one connection. They are alike mostly, and then come as the same object. */
export class CallHeads {
  readonly #parts: CallHeadParts;
  #last: { readonly headers: Http2Headers; readonly head: CallHead } | undefined;

  constructor(parts: CallHeadParts) {
    this.#parts = parts;
  }

  read(headers: Http2Headers): CallHead {
    if (this.#last?.headers === headers) return this.#last.head;
    const head = this.#parse(headers);
    this.#last = { headers, head };
    return head;
  }

  #parse(headers: Http2Headers): CallHead {
    const { methods, readCaller, readAddress, peer } = this.#parts;
    const forwardedFor = headers["x-forwarded-for"];
    const address = readCaller(peer, forwardedFor);
    return {
      isGrpc: headers[":method"] === "POST" && isGrpc(headers["content-type"]),
      method: methods.get(headers[":path"] ?? ""),
      encoding: headers["grpc-encoding"] ?? "identity",
      timeout: headers["grpc-timeout"],
      address: address === "" ? undefined : address,
      countedBy: readAddress?.(peer, forwardedFor),
      traceparent: toTraceparent(headers["traceparent"]),
      credentials: {
        authorization: headers["authorization"],
        // HTTP/2 names the server in `:authority`.
        host: headers[":authority"] ?? headers["host"],
        origin: headers["origin"],
        "x-api-key": headers["x-api-key"],
        "api-key": headers["api-key"],
      },
    };
  }
}

function isGrpc(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/grpc(\+proto)?($|;)/.test(contentType);
}
