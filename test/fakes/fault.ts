import type { JsonStyle } from "./profiles.ts";
import type { ChunkDefect, HeaderPairs, SseStyle } from "./reply.ts";

/**
 * What a request meets in place of the healthy reply. Where a fault counts events, it counts
 * server-sent events or lines of NDJSON, comments left out; 0 means right after the head.
 */
export type Fault =
  | AnswerFault
  | ConnectionFault
  | StatusFault
  | StreamFault
  | ContentFault
  | FramingFault
  | Together;

/** Healthy replies of a given size and pace. */
export type AnswerFault =
  /** No fault: takes a place in the queue. */
  | { readonly kind: "healthy" }
  /** A healthy answer of that many tokens (default: the echo) at that pace. */
  | {
      readonly kind: "stream";
      readonly chunks?: number;
      readonly intervalMs?: number;
      readonly firstDelayMs?: number;
    };

/** Connections that fail, stall or end early. */
export type ConnectionFault =
  /**
   * New connections are refused and open ones reset, from the moment this is at the head of the
   * queue until `reset()` or `listenOn()`, or for `forMs`. No request uses it up.
   */
  | { readonly kind: "refuse"; readonly forMs?: number }
  /** RST in place of any reply. */
  | { readonly kind: "reset-before-head" }
  /** RST after that many bytes of the body, chunk framing not counted. 0: right after the head. */
  | { readonly kind: "reset-after-bytes"; readonly bytes: number }
  /** RST after that many events. */
  | { readonly kind: "reset-after-events"; readonly events: number }
  /**
   * The stream ends cleanly after that many events, with neither a finish nor `[DONE]`.
   * `framing: "cut"` sends FIN without the last chunk. Default `complete`.
   */
  | { readonly kind: "end-after-events"; readonly events: number; readonly framing?: "complete" | "cut" }
  /** Nothing more after that many events; the socket stays open until the client goes. */
  | { readonly kind: "silence-after-events"; readonly events: number }
  /** After that many events (default 0) only comments (empty lines in NDJSON), every `intervalMs` (default 10), for ever. */
  | { readonly kind: "comments-only"; readonly events?: number; readonly intervalMs?: number }
  /** The request is read and never answered. */
  | { readonly kind: "hang" }
  /** The head is sent and nothing after it. */
  | { readonly kind: "head-then-hang" }
  /** The head comes after that pause. */
  | { readonly kind: "slow-head"; readonly delayMs: number }
  /**
   * FIN in place of a reply: what a client sees that uses a kept connection which the server has
   * just given up. `reusedOnly` spares the first request of a connection, as in life. Default true.
   */
  | { readonly kind: "close-on-arrival"; readonly reusedOnly?: boolean }
  /** A healthy reply without `Connection: close`, after which the server closes all the same. */
  | { readonly kind: "close-after-reply" };

/** Replies with another status, or other text where the reply was expected. */
export type StatusFault =
  /** That status with an error in the dialect, or with the given body. */
  | {
      readonly kind: "status";
      readonly status: number;
      /** Text of the error. Default: a sentence that names the status. */
      readonly message?: string;
      /** Sent as it is, in place of the error. */
      readonly body?: string;
      /** Added to the headers; a Content-Type here replaces the usual one. */
      readonly headers?: HeaderPairs;
      readonly retryAfter?: RetryAfter;
      /** Answers before the body of the request is read, then closes. Default false. */
      readonly early?: boolean;
    }
  /** 400 because the prompt is longer than the context, in the words of the family. */
  | { readonly kind: "context-overflow" }
  /** That status (default 500) with text that holds a key, a path, a stack and an address. */
  | { readonly kind: "leaky-error"; readonly status?: number }
  /** Status 302 or the given one, with that Location. */
  | { readonly kind: "redirect"; readonly location: string; readonly status?: number }
  /** A page of HTML with status 200 or the given one. */
  | { readonly kind: "html"; readonly status?: number }
  /** The whole answer as JSON although a stream was asked for. */
  | { readonly kind: "json-instead-of-stream" };

/** How a server says when to come back. `date` is an HTTP date that many seconds ahead. */
export type RetryAfter =
  | { readonly form: "seconds"; readonly value: number }
  | { readonly form: "date"; readonly value: number }
  /** The header `retry-after-ms` of OpenAI's clients. */
  | { readonly form: "ms"; readonly value: number };

/** Streams whose events are wrong, missing or in a rare but legal form. */
export type StreamFault =
  /** No event with a finish reason; in the Ollama dialect the line with `done: true` is missing. */
  | { readonly kind: "missing-finish" }
  /** Everything but `[DONE]`; the socket stays open (default) or the body ends. */
  | { readonly kind: "missing-done"; readonly after?: "silence" | "end" }
  /** The finish event comes twice. */
  | { readonly kind: "duplicate-finish" }
  /** Usage rides in the finish event and has no event of its own. */
  | { readonly kind: "usage-in-finish" }
  /** No usage although it was asked for. */
  | { readonly kind: "no-usage" }
  /** After that many events an error event, then the end, silence, `[DONE]` or RST. Default: the end. */
  | {
      readonly kind: "error-event";
      readonly events: number;
      readonly message?: string;
      readonly after?: "end" | "silence" | "done" | "reset";
      /** Names the event `error`, as some families do. Default false. */
      readonly isNamed?: boolean;
    }
  /** After that many events one whose data is broken JSON; the stream goes on. */
  | { readonly kind: "invalid-json"; readonly events: number }
  /** After that many events one with that text as data, whatever it is; the stream goes on. */
  | { readonly kind: "insert-event"; readonly events: number; readonly data: string; readonly name?: string }
  /** After that many events one line of that many bytes (default 100 MB), with no end before that. */
  | { readonly kind: "huge-line"; readonly events: number; readonly bytes?: number }
  /** Events of unknown names, markup in the text and a call of a tool that nobody offered. */
  | { readonly kind: "strange-events" }
  /** Tokens for ever, one every `intervalMs` (default 0). */
  | { readonly kind: "endless-stream"; readonly intervalMs?: number }
  /** A comment `: ping` before every event. */
  | { readonly kind: "comments" }
  /** The stream in another legal spelling of SSE. */
  | { readonly kind: "sse-style"; readonly style: Partial<SseStyle> };

/** Bodies and headers that are not what they say. */
export type ContentFault =
  /** A healthy body, compressed though nobody asked, with its Content-Encoding. */
  | { readonly kind: "compressed"; readonly encoding: "gzip" | "br" | "zstd" | "deflate" }
  /** A small compressed body that inflates to that many bytes of white space. */
  | {
      readonly kind: "compression-bomb";
      readonly encoding: "gzip" | "br" | "zstd";
      readonly inflatedBytes: number;
    }
  /** A plain body with that Content-Encoding. */
  | { readonly kind: "false-encoding"; readonly encoding: string }
  /** White space for ever in place of a JSON body. */
  | { readonly kind: "endless-body" }
  /** A header block of that many bytes (default 40,000), in headers of 1,000 bytes. */
  | { readonly kind: "huge-headers"; readonly bytes?: number }
  /** Added headers; default is a set that must not reach a client. */
  | { readonly kind: "extra-headers"; readonly headers?: HeaderPairs }
  /** That Content-Type on a healthy body; undefined removes the header. */
  | { readonly kind: "content-type"; readonly value: string | undefined }
  /** Healthy JSON with other white space. */
  | { readonly kind: "json-style"; readonly style: JsonStyle }
  /** A whole body with status 200: any bytes. */
  | { readonly kind: "body"; readonly body: string | Uint8Array; readonly contentType?: string }
  /** These bytes go to the socket as they are, status line included; then FIN, or silence. */
  | { readonly kind: "raw"; readonly bytes: string | Uint8Array; readonly after?: "close" | "silence" };

/** Broken or rare framing of a healthy reply. */
export type FramingFault =
  /** The second chunk, and those after it, have this defect. */
  | { readonly kind: "broken-chunks"; readonly defect: ChunkDefect }
  /** Content-Length is wrong by that many bytes; more than 0 promises bytes that never come. */
  | { readonly kind: "wrong-length"; readonly by: number }
  /** HTTP/1.0 without a length: the end of the connection ends the body. */
  | { readonly kind: "http-1-0" }
  /** HTTP/1.1 with `Connection: close` and neither length nor chunks. */
  | { readonly kind: "until-close" }
  /** That many interim responses before the final head. Default one 103. */
  | { readonly kind: "interim"; readonly status?: 100 | 102 | 103; readonly count?: number }
  /** Each write carries that many bytes (default 1); `payload` makes each a chunk of its own. Default `wire`. */
  | {
      readonly kind: "drip";
      readonly bytes?: number;
      readonly intervalMs?: number;
      readonly level?: "wire" | "payload";
    }
  /** That many events share one chunk. Default 2. */
  | { readonly kind: "merged-events"; readonly events?: number };

/** Several faults at once, applied in order. Those that replace the reply come first. */
export type Together = { readonly kind: "together"; readonly faults: readonly Fault[] };
