import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import type { Pace } from "./answer.ts";
import { afterBytes, afterEvents, inGroups, inSlices, repeated } from "./delivery.ts";
import type { ConnectionFault, ContentFault, Fault, FramingFault, RetryAfter, StatusFault } from "./fault.ts";
import type { ReceivedRequest } from "./http-exchange.ts";
import { isObject, parseJson } from "./json-read.ts";
import { encodeJson } from "./profiles.ts";
import { type HeaderPairs, type Piece, type Reply, reasonOf, wholeReply } from "./reply.ts";
import { bodyPieces } from "./reply-wire.ts";
import { applyStreamFault } from "./stream-faults.ts";
import type { Voice } from "./voice.ts";

/** What faults need to know of the server they happen to. */
export type FaultContext = {
  readonly voice: Voice;
  readonly pace: Pace;
  /** The healthy reply at that pace. */
  answer(request: ReceivedRequest, pace: Pace): Reply;
};

/** A fault at work: `healthy` makes the reply that would have been sent, and is called at most once. */
type Scene = FaultContext & { readonly request: ReceivedRequest | undefined; readonly healthy: () => Reply };

/** A key that no reply of a gateway may repeat; `leaky-error` and `extra-headers` send it. */
export const leakedKey = "sk-fake-CANARY-0123456789abcdef";
/** A path that no reply of a gateway may repeat. */
export const leakedPath = "/srv/models/private/engine.py";

/** Headers of an upstream that must not reach a client. */
export const unwantedHeaders: HeaderPairs = [
  ["Set-Cookie", "session=CANARY-cookie; Path=/"],
  ["Server", "CANARY-engine/1.2"],
  ["X-Powered-By", "CANARY-framework"],
  ["x-api-key", leakedKey],
  ["Via", "1.1 CANARY-proxy"],
  ["Access-Control-Allow-Origin", "*"],
  ["Strict-Transport-Security", "max-age=31536000"],
];

const defaultHugeHeaderBytes = 40_000;

function retryAfterHeader(retryAfter: RetryAfter): readonly [string, string] {
  if (retryAfter.form === "ms") return ["retry-after-ms", String(retryAfter.value)];
  if (retryAfter.form === "seconds") return ["retry-after", String(retryAfter.value)];
  return ["retry-after", new Date(Date.now() + retryAfter.value * 1000).toUTCString()];
}

/** The headers with some replaced: a name in `added` takes the place of all of that name. */
function withHeaders(headers: HeaderPairs, added: HeaderPairs): HeaderPairs {
  const names = new Set(added.map(([name]) => name.toLowerCase()));
  return [...headers.filter(([name]) => !names.has(name.toLowerCase())), ...added];
}

function readAll(reply: Reply): Buffer {
  const data: Uint8Array[] = [];
  for (const piece of bodyPieces(reply.body)) if (piece.type === "data") data.push(piece.bytes);
  return Buffer.concat(data);
}

function compress(bytes: Uint8Array, encoding: "gzip" | "br" | "zstd" | "deflate"): Uint8Array {
  switch (encoding) {
    case "gzip":
      return gzipSync(bytes);
    case "br":
      return brotliCompressSync(bytes);
    case "zstd":
      return zstdCompressSync(bytes);
    case "deflate":
      return deflateSync(bytes);
  }
}

function deliverBy(reply: Reply, delivery: Reply["delivery"][number]): Reply {
  return { ...reply, delivery: [...reply.delivery, delivery] };
}

function before(reply: Reply, pieces: readonly Piece[]): Reply {
  return { ...reply, prelude: [...reply.prelude, ...pieces] };
}

/** A reply of which nothing but these pieces is seen; the last one ends it. */
function onlyPieces(pieces: readonly Piece[]): Reply {
  return before(wholeReply(200, [], ""), pieces);
}

function applyConnectionFault(fault: ConnectionFault, scene: Scene): Reply {
  switch (fault.kind) {
    case "refuse":
      return scene.healthy();
    case "reset-before-head":
      return onlyPieces([{ type: "reset" }]);
    case "hang":
      return onlyPieces([{ type: "hang" }]);
    case "close-on-arrival":
      return onlyPieces([{ type: "close" }]);
    case "reset-after-bytes":
      return deliverBy(scene.healthy(), afterBytes(fault.bytes, [{ type: "reset" }]));
    case "reset-after-events":
      return deliverBy(scene.healthy(), afterEvents(fault.events, [{ type: "reset" }]));
    case "end-after-events":
      return deliverBy(
        scene.healthy(),
        afterEvents(fault.events, fault.framing === "cut" ? [{ type: "close" }] : []),
      );
    case "silence-after-events":
      return deliverBy(scene.healthy(), afterEvents(fault.events, [{ type: "hang" }]));
    case "comments-only": {
      const reply = scene.healthy();
      const isLines = reply.body.type === "events" && reply.body.format === "ndjson";
      const comments = repeated(
        Buffer.from(isLines ? "\n" : ": keep-alive\n\n"),
        undefined,
        fault.intervalMs ?? 10,
      );
      return deliverBy(reply, afterEvents(fault.events ?? 0, comments));
    }
    case "head-then-hang":
      return deliverBy(scene.healthy(), afterEvents(0, [{ type: "hang" }]));
    case "slow-head":
      return before(scene.healthy(), [{ type: "wait", ms: fault.delayMs }]);
    case "close-after-reply":
      return { ...scene.healthy(), closesAfter: true };
  }
}

function leakyText(): string {
  return (
    `Traceback (most recent call last):\n  File "${leakedPath}", line 42, in generate\n` +
    `RuntimeError: engine at 0x7f3c2a10 refused key ${leakedKey} for prompt 'CANARY-prompt'`
  );
}

function applyStatusFault(fault: StatusFault, scene: Scene): Reply {
  const { voice } = scene;
  switch (fault.kind) {
    case "status": {
      const added = [
        ...(fault.retryAfter === undefined ? [] : [retryAfterHeader(fault.retryAfter)]),
        ...(fault.headers ?? []),
      ];
      const message = fault.message ?? `The server answered ${fault.status} ${reasonOf(fault.status)}.`;
      const body = fault.body ?? voice.errorText(fault.status, message);
      return wholeReply(fault.status, withHeaders(voice.jsonHeaders, added), body);
    }
    case "context-overflow":
      return wholeReply(400, voice.jsonHeaders, voice.overflowText());
    case "leaky-error":
      return wholeReply(
        fault.status ?? 500,
        voice.jsonHeaders,
        voice.errorText(fault.status ?? 500, leakyText()),
      );
    case "redirect":
      return wholeReply(fault.status ?? 302, [["Location", fault.location]], "");
    case "html": {
      const page =
        "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>\n";
      return wholeReply(fault.status ?? 200, [["Content-Type", "text/html; charset=utf-8"]], page);
    }
    case "json-instead-of-stream": {
      if (scene.request === undefined) return scene.healthy();
      const body = parseJson(scene.request.bodyText)?.value;
      const bodyText = JSON.stringify({ ...(isObject(body) ? body : {}), stream: false });
      return scene.answer({ ...scene.request, bodyText, bodyBytes: Buffer.from(bodyText) }, scene.pace);
    }
  }
}

function restyle(reply: Reply, style: "compact" | "spaced" | "pretty"): Reply {
  const rewrite = (text: string): string => {
    const parsed = parseJson(text);
    return parsed === undefined ? text : encodeJson(parsed.value, style);
  };
  if (reply.body.type === "whole") {
    return {
      ...reply,
      body: { type: "whole", bytes: Buffer.from(rewrite(Buffer.from(reply.body.bytes).toString())) },
    };
  }
  if (reply.body.type !== "events" || style === "pretty") return reply;
  const events = reply.body.events.map((event) => ({ ...event, data: rewrite(event.data) }));
  return { ...reply, body: { ...reply.body, events } };
}

function padHeaders(bytes: number): HeaderPairs {
  return Array.from({ length: Math.ceil(bytes / 1000) }, (_, at): readonly [string, string] => {
    const name = `x-padding-${String(at).padStart(4, "0")}`;
    return [name, "p".repeat(1000 - name.length - 4)];
  });
}

function applyContentFault(fault: ContentFault, scene: Scene): Reply {
  switch (fault.kind) {
    case "compressed": {
      const reply = scene.healthy();
      const headers = withHeaders(reply.headers, [["Content-Encoding", fault.encoding]]);
      return { ...reply, headers, body: { type: "whole", bytes: compress(readAll(reply), fault.encoding) } };
    }
    case "compression-bomb": {
      const headers = withHeaders(scene.voice.jsonHeaders, [["Content-Encoding", fault.encoding]]);
      return wholeReply(200, headers, compress(Buffer.alloc(fault.inflatedBytes, " "), fault.encoding));
    }
    case "false-encoding": {
      const reply = scene.healthy();
      return { ...reply, headers: withHeaders(reply.headers, [["Content-Encoding", fault.encoding]]) };
    }
    case "endless-body": {
      const pieces = repeated(Buffer.alloc(64 * 1024, " "));
      return {
        ...wholeReply(200, scene.voice.jsonHeaders, ""),
        framing: "chunked",
        body: { type: "pieces", pieces },
      };
    }
    case "huge-headers": {
      const reply = scene.healthy();
      return { ...reply, headers: [...reply.headers, ...padHeaders(fault.bytes ?? defaultHugeHeaderBytes)] };
    }
    case "extra-headers": {
      const reply = scene.healthy();
      return { ...reply, headers: withHeaders(reply.headers, fault.headers ?? unwantedHeaders) };
    }
    case "content-type": {
      const reply = scene.healthy();
      const others = reply.headers.filter(([name]) => name.toLowerCase() !== "content-type");
      return {
        ...reply,
        headers: fault.value === undefined ? others : [...others, ["Content-Type", fault.value]],
      };
    }
    case "json-style":
      return restyle(scene.healthy(), fault.style);
    case "body":
      return wholeReply(200, [["Content-Type", fault.contentType ?? "application/json"]], fault.body);
    case "raw": {
      const data: Piece = { type: "data", bytes: Buffer.from(fault.bytes), isEvent: false };
      return onlyPieces([data, { type: fault.after === "silence" ? "hang" : "close" }]);
    }
  }
}

function applyFramingFault(fault: FramingFault, scene: Scene): Reply {
  const reply = scene.healthy();
  switch (fault.kind) {
    case "broken-chunks": {
      const halves = inSlices(Math.max(1, Math.ceil(readAll(reply).byteLength / 2)), 0);
      const chunked: Reply = { ...reply, framing: "chunked", chunkDefect: fault.defect };
      return reply.body.type === "whole" ? deliverBy(chunked, halves) : chunked;
    }
    case "wrong-length":
      return { ...reply, framing: "length", lengthError: fault.by };
    case "http-1-0":
      return { ...reply, version: "1.0", framing: "close" };
    case "until-close":
      return { ...reply, framing: "close" };
    case "interim": {
      const status = fault.status ?? 103;
      const texts = {
        100: "100 Continue",
        102: "102 Processing",
        103: "103 Early Hints\r\nLink: </a.css>; rel=preload",
      };
      const bytes = Buffer.from(`HTTP/1.1 ${texts[status]}\r\n\r\n`);
      return before(
        reply,
        Array.from({ length: fault.count ?? 1 }, () => ({ type: "data", bytes, isEvent: false })),
      );
    }
    case "drip": {
      const bytes = fault.bytes ?? 1;
      const intervalMs = fault.intervalMs ?? 0;
      return fault.level === "payload"
        ? deliverBy(reply, inSlices(bytes, intervalMs))
        : { ...reply, drip: { bytes, intervalMs } };
    }
    case "merged-events":
      return deliverBy(reply, inGroups(fault.events ?? 2));
  }
}

function apply(fault: Fault, scene: Scene): Reply {
  switch (fault.kind) {
    case "healthy":
      return scene.healthy();
    case "stream": {
      if (scene.request === undefined) return scene.healthy();
      const { pace } = scene;
      return scene.answer(scene.request, {
        chunks: fault.chunks ?? pace.chunks,
        tokenDelayMs: fault.intervalMs ?? pace.tokenDelayMs,
        firstTokenDelayMs: fault.firstDelayMs ?? pace.firstTokenDelayMs,
      });
    }
    case "together":
      return fault.faults.reduce<() => Reply>(
        (healthy, part) => () => apply(part, { ...scene, healthy }),
        scene.healthy,
      )();
    case "refuse":
    case "reset-before-head":
    case "reset-after-bytes":
    case "reset-after-events":
    case "end-after-events":
    case "silence-after-events":
    case "comments-only":
    case "hang":
    case "head-then-hang":
    case "slow-head":
    case "close-on-arrival":
    case "close-after-reply":
      return applyConnectionFault(fault, scene);
    case "status":
    case "context-overflow":
    case "leaky-error":
    case "redirect":
    case "html":
    case "json-instead-of-stream":
      return applyStatusFault(fault, scene);
    case "compressed":
    case "compression-bomb":
    case "false-encoding":
    case "endless-body":
    case "huge-headers":
    case "extra-headers":
    case "content-type":
    case "json-style":
    case "body":
    case "raw":
      return applyContentFault(fault, scene);
    case "broken-chunks":
    case "wrong-length":
    case "http-1-0":
    case "until-close":
    case "interim":
    case "drip":
    case "merged-events":
      return applyFramingFault(fault, scene);
    default:
      return applyStreamFault(fault, scene.healthy(), scene.voice);
  }
}

/** The reply to a request that meets the fault. Without a request, only faults that replace the reply mean anything. */
export function applyFault(context: FaultContext, fault: Fault, request: ReceivedRequest | undefined): Reply {
  const healthy = (): Reply =>
    request === undefined ? wholeReply(200, [], "") : context.answer(request, context.pace);
  return apply(fault, { ...context, request, healthy });
}
