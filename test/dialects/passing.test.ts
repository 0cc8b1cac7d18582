import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  PassingStreamReader,
  PassingWholeReader,
} from "../../packages/server/src/gateway/dialects/passing-reader.ts";
import { conversations } from "./conversations.ts";
import { speakers, toBytes } from "./speakers.ts";

const anthropic = speakers["anthropic"];
if (anthropic === undefined) throw new Error("no Anthropic");
const decoderOf = (stream: boolean) =>
  anthropic.codec.createReplyDecoder({ operation: "chat", stream, estimatedInputTokens: 1 });
const lastFrame = 'event: message_stop\ndata: {"type":"message_stop"}\n\n';

function pass(pieces: readonly Buffer[]) {
  const reader = new PassingStreamReader(decoderOf(true), Buffer.from("made up"));
  const passed = pieces.map((piece) => reader.push(piece) ?? Buffer.alloc(0));
  return {
    passed: Buffer.concat(passed).toString(),
    end: reader.terminalFrames()?.toString(),
    facts: reader.facts,
  };
}

describe.each(Object.entries(conversations))("a reply that passes as it is: %s", (_name, { events }) => {
  const bytes = toBytes(anthropic, events, { stream: true });

  it("goes on byte for byte but for its end, which waits, however it is cut and its lines end", () => {
    for (const stream of [bytes, Buffer.from(bytes.toString().replaceAll("\n", "\r\n"))]) {
      const whole = pass([stream]);
      expect(whole.passed + (whole.end ?? "")).toBe(stream.toString());
      expect(whole.end?.replaceAll("\r", "")).toBe(lastFrame);
      expect(whole.facts).toMatchObject({ isDone: true, usage: { inputTokens: 12, outputTokens: 7 } });
      fc.assert(
        fc.property(fc.array(fc.nat({ max: stream.length - 1 }), { maxLength: 8 }), (cuts) => {
          const points = [...new Set(cuts)].sort((left, right) => left - right);
          const pieces = [0, ...points].map((from, at) => stream.subarray(from, points[at] ?? stream.length));
          expect(pass(pieces)).toEqual(whole);
        }),
        { numRuns: 20 },
      );
    }
  });

  it("passes whole events only, so that an error can follow at any byte", () => {
    const { passed, facts } = pass([bytes.subarray(0, bytes.length - lastFrame.length - 3)]);
    expect(passed === "" || passed.endsWith("\n\n")).toBe(true);
    expect(bytes.toString().startsWith(passed)).toBe(true);
    expect(facts.isDone).toBe(false);
  });

  it("goes on byte for byte in one piece", () => {
    const reader = new PassingWholeReader(decoderOf(false));
    const whole = toBytes(anthropic, events, { stream: false });
    reader.push(whole.subarray(0, 20));
    reader.push(whole.subarray(20));
    reader.finish();
    expect(reader.terminalFrames()?.toString()).toBe(whole.toString());
    expect(reader.facts.isComplete(1)).toBe(true);
  });
});

it("an error event is told, and does not pass", () => {
  const { passed, facts } = pass([
    Buffer.from('event: error\ndata: {"type":"error","error":{"type":"api_error"}}\n\n'),
  ]);
  expect(passed).toBe("");
  expect(facts.error?.code).toBe("upstream_error");
});

it("an event without an end is given up at 1 MiB", () => {
  const piece = Buffer.alloc(256 * 1024, "a");
  const endless = [Buffer.from("data: "), piece, piece, piece, piece, piece];
  expect(() => pass(endless)).toThrow(expect.objectContaining({ code: "upstream_malformed" }));
});
