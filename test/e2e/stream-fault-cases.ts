import type { Fault } from "../fakes/fake-upstream.ts";

/** How many events an upstream of the dialect sends until some of the content, and not all, has come. */
export const eventsToContent = { openai: 3, ollama: 3, anthropic: 5 } as const;

/**
 * Faults after the first content: the end of the stream that they must come to.
 * @param events how many of them come before the fault
 */
export const breaksAfter = (events: number): readonly (readonly [string, Fault, string])[] => [
  ["S02 is reset after one event", { kind: "reset-after-events", events }, "upstream_incomplete"],
  [
    "S03 ends with neither a finish nor an end marker",
    { kind: "end-after-events", events },
    "upstream_incomplete",
  ],
  [
    "S03 is cut without its last chunk",
    { kind: "end-after-events", events, framing: "cut" },
    "upstream_incomplete",
  ],
  ["S05 falls silent", { kind: "silence-after-events", events }, "upstream_timeout"],
  ["S05 sends comments only", { kind: "comments-only", events, intervalMs: 50 }, "upstream_timeout"],
  ["S08 sends broken JSON", { kind: "invalid-json", events }, "upstream_malformed"],
  ["S08 sends a line without an end", { kind: "huge-line", events, bytes: 20_000_000 }, "upstream_malformed"],
  [
    "S15 reports an error",
    {
      kind: "error-event",
      events,
      message: "sk-fake-CANARY-0123456789abcdef in /srv/models/private/engine.py",
    },
    "upstream_error",
  ],
  [
    "S15 reports an error and stays silent",
    { kind: "error-event", events, after: "silence" },
    "upstream_error",
  ],
  [
    "S14 sends events of its own, markup and a call of no known tool",
    {
      kind: "together",
      faults: [{ kind: "strange-events" }, { kind: "drip", bytes: 100, intervalMs: 5, level: "payload" }],
    },
    "upstream_malformed",
  ],
];

/** Faults before the first content: the status and the code that a client sees. */
export const refusals: readonly (readonly [string, Fault, number, string])[] = [
  [
    "S02 is reset right after its head",
    { kind: "reset-after-events", events: 0 },
    502,
    "upstream_incomplete",
  ],
  ["S03 ends before any event", { kind: "end-after-events", events: 0 }, 502, "upstream_incomplete"],
  ["S01 is reset before its head", { kind: "reset-before-head" }, 502, "upstream_incomplete"],
  ["S06 never answers", { kind: "hang" }, 504, "upstream_timeout"],
  ["S06 sends its head and nothing more", { kind: "head-then-hang" }, 504, "upstream_timeout"],
  ["S06 sends comments and nothing more", { kind: "comments-only", intervalMs: 50 }, 504, "upstream_timeout"],
  ["S08 sends a page of HTML", { kind: "html" }, 502, "upstream_malformed"],
  [
    "S08 sends a line without an end first",
    { kind: "huge-line", events: 0, bytes: 20_000_000 },
    502,
    "upstream_malformed",
  ],
  ["S11 is compressed unasked", { kind: "compressed", encoding: "gzip" }, 502, "upstream_malformed"],
  ["S11 says a wrong encoding", { kind: "false-encoding", encoding: "br" }, 502, "upstream_malformed"],
  ["S15 fails with text that leaks", { kind: "leaky-error" }, 502, "upstream_error"],
  ["S15 refuses with text that leaks", { kind: "leaky-error", status: 400 }, 400, "invalid_request"],
  ["S08 redirects elsewhere", { kind: "redirect", location: "http://127.0.0.1:9/" }, 502, "upstream_error"],
  [
    "S08 breaks its chunks at once",
    {
      kind: "raw",
      bytes: "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    },
    502,
    "upstream_malformed",
  ],
];
