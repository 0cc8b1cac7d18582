import { describe, expect, test } from "vitest";
import { parseSpanId, parseTraceId } from "../../packages/server/src/core/trace-id.ts";
import { encodeSpans } from "../../packages/server/src/telemetry/otlp/resource.ts";
import {
  encodeEventName,
  encodeKey,
  SpanBuffer,
} from "../../packages/server/src/telemetry/tracing/span-buffer.ts";
import { readSpans } from "../fakes/otlp-messages.ts";

const source = { resource: { "service.name": "spans" }, version: "1.0.0" };
const ids = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  parentSpanId: "00f067aa0ba902b7",
};
const head = {
  traceId: parseTraceId(ids.traceId),
  spanId: parseSpanId(ids.spanId),
  parentSpanId: parseSpanId(ids.parentSpanId),
  kind: "client",
  startMs: 1_795_000_000_123.456,
  endMs: 1_795_000_001_000,
} as const;

function read(write: (spans: SpanBuffer) => void) {
  const spans = new SpanBuffer();
  write(spans);
  return readSpans(encodeSpans(source, [spans.take()]));
}

describe("spans as OTLP has them", () => {
  test("are read back with their ids, times and events", () => {
    const [span] = read((spans) => {
      spans.begin(head);
      spans.name("chat tiny");
      spans.event(encodeEventName("sent"), head.startMs);
      spans.end(undefined);
    });
    expect(span).toEqual({
      ...head,
      ...ids,
      name: "chat tiny",
      kind: 3,
      attributes: {},
      events: ["sent"],
      status: 0,
      service: "spans",
    });
  });

  test.each([
    ["a short text", "ok"],
    ["no text", ""],
    ["a text of the longest that has one byte of length", "x".repeat(120)],
    ["a long text", "x".repeat(5_000)],
    ["a text of more than ASCII", "größer 模型 🙂"],
    ["a long text of more than ASCII", "模型".repeat(3_000)],
    ["zero", 0],
    ["a whole number", 300],
    ["a large whole number", Number.MAX_SAFE_INTEGER],
    ["a fraction", 0.7],
    ["a negative number", -1],
    ["true", true],
    ["false", false],
    ["texts", ["one", "zwölf", "x".repeat(300)]],
    ["no texts", []],
  ])("%s is read back", (_name, value) => {
    const [span] = read((spans) => {
      spans.begin(head);
      spans.attribute("some.key", value);
      spans.end(undefined);
    });
    expect(span?.attributes).toEqual({ "some.key": value });
  });

  test("an error is told with what went wrong", () => {
    const [span] = read((spans) => {
      spans.begin({ ...head, parentSpanId: undefined });
      spans.end("Die Verbindung wurde getrennt: größer als erlaubt.");
    });
    expect(span).toMatchObject({ status: 2, parentSpanId: "" });
  });

  test("of thousands in pieces none is lost", () => {
    const key = encodeKey("number");
    const spans = new SpanBuffer();
    const pieces = Array.from({ length: 3 }, (_, piece) => {
      for (let index = 0; index < 2_000; index++) {
        spans.begin(head);
        spans.number(key, piece * 2_000 + index);
        spans.end(undefined);
      }
      return spans.take();
    });
    expect(pieces.map(({ count }) => count)).toEqual([2_000, 2_000, 2_000]);
    const numbers = readSpans(encodeSpans(source, pieces)).map(({ attributes }) => attributes["number"]);
    expect(numbers).toEqual(Array.from({ length: 6_000 }, (_, index) => index));
  });
});
