/** What a stream event is for; faults find their place in a stream by it. */
export type EventRole = "open" | "content" | "finish" | "usage" | "done" | "other";

/** One event of a stream: a server-sent event, or one line of NDJSON. */
export type StreamEvent = {
  readonly role: EventRole;
  /** Payload without framing: JSON text, or `[DONE]`. For a comment, the comment's text. */
  readonly data: string;
  /** Value of the `event:` field. */
  readonly name?: string;
  /** Sent as an SSE comment (`: …`). */
  readonly isComment?: boolean;
  /** Pause before the event. */
  readonly delayMs: number;
  /** Called when the event is about to be sent: for what the server only does when it gets that far. */
  readonly onReached?: () => void;
};

/** How server-sent events are spelled on the wire. Every form here is legal SSE. */
export type SseStyle = {
  readonly lineEnd: "\n" | "\r\n" | "\r";
  /** `data: x` or `data:x`. */
  readonly hasSpace: boolean;
  /** Splits the JSON of an event over several `data:` lines at its commas. */
  readonly isMultiLine: boolean;
  /** Starts the body with U+FEFF. */
  readonly hasByteOrderMark: boolean;
  /** Adds `id:` and `retry:` fields to every event. */
  readonly hasExtraFields: boolean;
};

export const plainSse: SseStyle = {
  lineEnd: "\n",
  hasSpace: true,
  isMultiLine: false,
  hasByteOrderMark: false,
  hasExtraFields: false,
};

/** One thing the server does while it sends a reply. */
export type Piece =
  | { readonly type: "data"; readonly bytes: Uint8Array; readonly isEvent: boolean }
  | { readonly type: "wait"; readonly ms: number }
  /** Does nothing more until the client goes. */
  | { readonly type: "hang" }
  /** Sends TCP RST. */
  | { readonly type: "reset" }
  /** Sends FIN without ending the body's framing. */
  | { readonly type: "close" };

export type Body =
  | { readonly type: "whole"; readonly bytes: Uint8Array }
  | {
      readonly type: "events";
      readonly format: "sse" | "ndjson";
      readonly style: SseStyle;
      readonly events: readonly StreamEvent[];
    }
  | { readonly type: "pieces"; readonly pieces: Iterable<Piece> };

export type HeaderPairs = readonly (readonly [string, string])[];

/** Where chunked framing goes wrong: see the fault `broken-chunks`. */
export type ChunkDefect = "bad-size" | "short-data" | "no-crlf" | "huge-size" | "no-last-chunk";

/** Everything about one reply, healthy or not. Bytes are made from it by `encodeReply`. */
export type Reply = {
  readonly version: "1.1" | "1.0";
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderPairs;
  readonly body: Body;
  /** `none` sends no header about the body: for replies to HEAD. */
  readonly framing: "length" | "chunked" | "close" | "none";
  /** What happens before the head; data goes out as it is. */
  readonly prelude: readonly Piece[];
  /** Added to the true Content-Length. */
  readonly lengthError: number;
  readonly chunkDefect: ChunkDefect | undefined;
  /** Changes the pieces of the body on their way out, first one first. */
  readonly delivery: readonly ((pieces: Iterable<Piece>) => Iterable<Piece>)[];
  /** Cuts everything that is written, head and framing included. */
  readonly drip: { readonly bytes: number; readonly intervalMs: number } | undefined;
  /** Closes the connection after the reply although both sides could keep it. */
  readonly closesAfter: boolean;
};

const reasons: { readonly [status: number]: string } = {
  200: "OK",
  201: "Created",
  204: "No Content",
  302: "Found",
  307: "Temporary Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  413: "Payload Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Entity",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

export function reasonOf(status: number): string {
  return reasons[status] ?? "Status";
}

const healthy = {
  version: "1.1",
  prelude: [],
  lengthError: 0,
  chunkDefect: undefined,
  delivery: [],
  drip: undefined,
  closesAfter: false,
} as const;

/** A reply whose body is known in full and sent with Content-Length. */
export function wholeReply(status: number, headers: HeaderPairs, body: string | Uint8Array): Reply {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  return {
    ...healthy,
    status,
    reason: reasonOf(status),
    headers,
    body: { type: "whole", bytes },
    framing: "length",
  };
}

/** The same reply as HEAD gets it: the headers, the length too, and no body. */
export function headOnly(reply: Reply): Reply {
  const bytes = reply.body.type === "whole" ? reply.body.bytes.byteLength : 0;
  const headers: HeaderPairs = [...reply.headers, ["Content-Length", String(bytes)]];
  return { ...reply, headers, body: { type: "whole", bytes: Buffer.alloc(0) }, framing: "none" };
}

/** A reply that is streamed event by event with chunked framing. */
export function eventReply(
  headers: HeaderPairs,
  format: "sse" | "ndjson",
  events: readonly StreamEvent[],
): Reply {
  const body: Body = { type: "events", format, style: plainSse, events };
  return { ...healthy, status: 200, reason: "OK", headers, body, framing: "chunked" };
}
