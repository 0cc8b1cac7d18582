import type { RequestHead } from "./http-request.ts";

/** A request that the fake received, and what became of it. */
export type ReceivedRequest = RequestHead & {
  readonly bodyBytes: Buffer;
  readonly bodyText: string;
  /** When the body was complete, on the clock of `performance.now()`. */
  readonly atMs: number;
  /** Number of the connection, counted from 1. */
  readonly connection: number;
  /** Position among the requests of its connection, counted from 1. */
  readonly turn: number;
  /** Whether the client left before the reply was complete. */
  readonly aborted: boolean;
  /** When the exchange was over, on the clock of `performance.now()`. */
  readonly closedAtMs: number | undefined;
  /** Bytes of the reply that were handed to the socket. */
  readonly sentBytes: number;
  /** Settles when the reply is complete or the connection is gone, whichever is first. */
  readonly closed: Promise<void>;
};

/** A request together with the means to say how far its reply is. */
export type Exchange = {
  readonly request: ReceivedRequest;
  addSent(bytes: number): void;
  /** The reply is complete or the connection gone. Only the first call counts. */
  end(isAbort: boolean): void;
};

/** Where a request stands among the connections. */
export type Place = { readonly connection: number; readonly turn: number };

export function createExchange(head: RequestHead, body: Buffer, place: Place): Exchange {
  const closing = Promise.withResolvers<void>();
  let aborted = false;
  let closedAtMs: number | undefined;
  let sentBytes = 0;
  const request: ReceivedRequest = {
    ...head,
    ...place,
    bodyBytes: body,
    get bodyText() {
      return body.toString("utf8");
    },
    atMs: performance.now(),
    get aborted() {
      return aborted;
    },
    get closedAtMs() {
      return closedAtMs;
    },
    get sentBytes() {
      return sentBytes;
    },
    closed: closing.promise,
  };
  const addSent = (bytes: number): void => {
    sentBytes += bytes;
  };
  const end = (isAbort: boolean): void => {
    if (closedAtMs !== undefined) return;
    aborted = isAbort;
    closedAtMs = performance.now();
    closing.resolve();
  };
  return { request, addSent, end };
}
