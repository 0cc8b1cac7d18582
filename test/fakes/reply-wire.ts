import { parseJson } from "./json-read.ts";
import type { Body, ChunkDefect, Piece, Reply, SseStyle, StreamEvent } from "./reply.ts";

/** JSON spread over lines at places where white space means nothing; other text in one line. */
function spreadOverLines(text: string): readonly string[] {
  const parsed = parseJson(text);
  return parsed === undefined ? [text] : JSON.stringify(parsed.value, undefined, 1).split("\n");
}

function encodeSse(event: StreamEvent, style: SseStyle): string {
  const { lineEnd } = style;
  if (event.isComment === true) return `: ${event.data}${lineEnd}${lineEnd}`;
  const lines = style.isMultiLine ? spreadOverLines(event.data) : [event.data];
  const fields = [
    ...(style.hasExtraFields ? ["id: 7", "retry: 3000"] : []),
    ...(event.name === undefined ? [] : [`event: ${event.name}`]),
    ...lines.map((line) => (style.hasSpace ? `data: ${line}` : `data:${line}`)),
  ];
  return fields.join(lineEnd) + lineEnd + lineEnd;
}

function* encodeEvents(body: Body & { type: "events" }): Generator<Piece> {
  if (body.style.hasByteOrderMark) yield { type: "data", bytes: Buffer.from("\ufeff"), isEvent: false };
  for (const event of body.events) {
    if (event.delayMs > 0) yield { type: "wait", ms: event.delayMs };
    event.onReached?.();
    const text = body.format === "sse" ? encodeSse(event, body.style) : `${event.data}\n`;
    yield { type: "data", bytes: Buffer.from(text), isEvent: event.isComment !== true };
  }
}

/** The body as pieces, before faults of delivery and before framing. */
export function bodyPieces(body: Body): Iterable<Piece> {
  switch (body.type) {
    case "whole":
      return body.bytes.byteLength === 0 ? [] : [{ type: "data", bytes: body.bytes, isEvent: true }];
    case "events":
      return encodeEvents(body);
    case "pieces":
      return body.pieces;
  }
}

/** The size of the body where it can be known without sending it. */
function bodyLength(body: Body): number {
  if (body.type === "whole") return body.bytes.byteLength;
  let total = 0;
  for (const piece of bodyPieces(body)) if (piece.type === "data") total += piece.bytes.byteLength;
  return total;
}

/** The status line, the headers and the framing header, ready to be written. */
export function encodeHead(reply: Reply): Buffer {
  const lines = [`HTTP/${reply.version} ${reply.status} ${reply.reason}`];
  for (const [name, value] of reply.headers) lines.push(`${name}: ${value}`);
  const isLower = reply.headers.some(([name]) => name === "content-type");
  if (reply.framing === "length" && reply.status !== 204) {
    const length = Math.max(0, bodyLength(reply.body) + reply.lengthError);
    lines.push(`${isLower ? "content-length" : "Content-Length"}: ${length}`);
  }
  if (reply.framing === "chunked")
    lines.push(isLower ? "transfer-encoding: chunked" : "Transfer-Encoding: chunked");
  if (reply.framing === "close" && reply.version === "1.1") lines.push("Connection: close");
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

function encodeChunk(bytes: Uint8Array, defect: ChunkDefect | undefined): Buffer {
  const size = bytes.byteLength.toString(16);
  switch (defect) {
    case "bad-size":
      return Buffer.concat([Buffer.from("xyz\r\n"), bytes, Buffer.from("\r\n")]);
    case "short-data":
      return Buffer.concat([
        Buffer.from(`${(bytes.byteLength + 5).toString(16)}\r\n`),
        bytes,
        Buffer.from("\r\n"),
      ]);
    case "no-crlf":
      return Buffer.concat([Buffer.from(`${size}\r\n`), bytes]);
    case "huge-size":
      return Buffer.concat([Buffer.from("fffffffffffffffff\r\n"), bytes, Buffer.from("\r\n")]);
    case "no-last-chunk":
    case undefined:
      return Buffer.concat([Buffer.from(`${size}\r\n`), bytes, Buffer.from("\r\n")]);
  }
}

/**
 * Everything the server does for one reply, in order and made one piece at a time, so that an
 * endless body costs no memory. Data pieces are wire bytes. The end of the iteration is the
 * healthy end of the reply.
 */
export function* encodeReply(reply: Reply): Generator<Piece> {
  yield* reply.prelude;
  yield { type: "data", bytes: encodeHead(reply), isEvent: false };
  let pieces = bodyPieces(reply.body);
  for (const deliver of reply.delivery) pieces = deliver(pieces);
  const isChunked = reply.framing === "chunked";
  // A defect shows from the second chunk on, so that the client is in the middle of the body.
  let chunks = 0;
  for (const piece of pieces) {
    if (piece.type !== "data") {
      yield piece;
      continue;
    }
    chunks += 1;
    const bytes = isChunked
      ? encodeChunk(piece.bytes, chunks > 1 ? reply.chunkDefect : undefined)
      : piece.bytes;
    yield { type: "data", bytes, isEvent: piece.isEvent };
  }
  if (isChunked && reply.chunkDefect !== "no-last-chunk") {
    yield { type: "data", bytes: Buffer.from("0\r\n\r\n"), isEvent: false };
  }
  if (
    reply.framing === "close" ||
    reply.chunkDefect !== undefined ||
    reply.lengthError > 0 ||
    reply.closesAfter
  ) {
    yield { type: "close" };
  }
}
