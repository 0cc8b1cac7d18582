import { PlatformError } from "@llm-platform/kit";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { ReplyReader } from "./reply-facts.ts";
import { ReplyForms } from "./reply-forms.ts";
import { changedTexts, eventTexts, wholeTexts } from "./reply-texts.test-data.ts";
import { SseReader } from "./sse-reader.ts";
import { WholeReader } from "./whole-reader.ts";

/** Everything that a reader told of a reply, the error that it threw included. */
function read(reader: ReplyReader, pieces: readonly Buffer[]) {
  const passed: Buffer[] = [];
  let thrown: unknown;
  try {
    for (const piece of pieces) passed.push(reader.push(piece) ?? Buffer.alloc(0));
    passed.push(reader.finish() ?? Buffer.alloc(0));
  } catch (error) {
    thrown = describeError(error);
  }
  const { error, ...facts } = reader.facts;
  const terminal = thrown === undefined ? reader.terminalFrames()?.toString("latin1") : undefined;
  return {
    facts,
    error: describeError(error),
    thrown,
    passed: Buffer.concat(passed).toString("latin1"),
    terminal,
  };
}

function describeError(error: unknown): unknown {
  if (!(error instanceof PlatformError)) return error;
  return [error.code, error.message, error.isRetryable, String(error.cause)];
}

function toStream(texts: readonly string[]): Buffer {
  return Buffer.from(`${texts.map((text) => `data: ${text}\n\n`).join("")}data: [DONE]\n\n`);
}

describe("a reader that remembers the forms of replies", () => {
  it("tells of a whole reply what one tells that scans it", () => {
    const known = vi.fn();
    fc.assert(
      fc.property(changedTexts(wholeTexts), (texts) => {
        const forms = new ReplyForms();
        const match = vi.spyOn(forms.wholes, "match");
        for (const text of texts) {
          const pieces = [Buffer.from(text)];
          expect(read(new WholeReader(forms), pieces)).toEqual(read(new WholeReader(), pieces));
        }
        for (const { value } of match.mock.results) if (value !== undefined) known();
      }),
      { numRuns: 800 },
    );
    expect(known.mock.calls.length).toBeGreaterThan(300);
  });

  it("tells of a stream what one tells that scans it", () => {
    const known = vi.fn();
    fc.assert(
      fc.property(changedTexts(eventTexts), fc.boolean(), (texts, keepUsageEvent) => {
        const forms = new ReplyForms();
        const match = vi.spyOn(forms.events, "match");
        // Each event in a stream of its own, since the first that is malformed ends it; then all in one.
        for (const stream of [...texts.map((text) => toStream([text])), toStream(texts)]) {
          const scanned = read(new SseReader({ keepUsageEvent }), [stream]);
          expect(read(new SseReader({ keepUsageEvent, forms }), [stream])).toEqual(scanned);
        }
        for (const { value } of match.mock.results) if (value !== undefined) known();
      }),
      { numRuns: 800 },
    );
    expect(known.mock.calls.length).toBeGreaterThan(300);
  });

  it("tells the same of a stream wherever it is cut", () => {
    fc.assert(
      fc.property(changedTexts(eventTexts), fc.array(fc.nat()), (texts, cuts) => {
        const forms = new ReplyForms();
        const stream = toStream(texts);
        const scanned = read(new SseReader({ keepUsageEvent: false }), [stream]);
        const places = [...Array.from({ length: stream.length }, (_, at) => [at]), cuts];
        for (const place of places) {
          const points = place.map((at) => at % stream.length).sort((a, b) => a - b);
          const pieces = [0, ...points].map((from, index) => stream.subarray(from, points[index]));
          const inPieces = read(new SseReader({ keepUsageEvent: false, forms }), pieces);
          // What follows an event that is malformed may have come with those before it, or not.
          if (scanned.thrown === undefined) expect(inPieces).toEqual(scanned);
          else expect(inPieces.thrown).toEqual(scanned.thrown);
        }
      }),
      { numRuns: 25 },
    );
  });

  it("knows every event of a stream from the stream before it", () => {
    const forms = new ReplyForms();
    const stream = toStream(eventTexts.slice(0, 5));
    const match = vi.spyOn(forms.events, "match");
    for (let count = 1; count <= 2; count++) read(new SseReader({ keepUsageEvent: true, forms }), [stream]);
    const found = match.mock.results.map(({ value }) => value !== undefined);
    expect(found).toEqual([...Array<boolean>(5).fill(false), ...Array<boolean>(5).fill(true)]);
  });

  it("does not take a text for an end that stands where one stood in the event before", () => {
    const event = (key: string) => Buffer.from(`data: {"choices":[{"${key}":"stop"}]}\n\n`);
    const pieces = [event("finish_reason"), event("other_member1"), event("other_member1")];
    const { facts } = read(new SseReader({ keepUsageEvent: true, forms: new ReplyForms() }), pieces);
    expect(facts).toMatchObject({ finishedChoices: 1, contentEvents: 3 });
  });

  it("reads the counts and the end in the places where they stood", () => {
    const forms = new ReplyForms();
    const reply = (reason: string, count: number) =>
      Buffer.from(
        JSON.stringify({
          choices: [{ message: { content: 'so "finish_reason' }, finish_reason: reason }],
          usage: { prompt_tokens: count, completion_tokens: count + 1 },
        }),
      );
    read(new WholeReader(forms), [reply("stop", 1)]);
    const match = vi.spyOn(forms.wholes, "match");
    const { facts } = read(new WholeReader(forms), [reply("tool_calls", 98)]);
    expect(match.mock.results[0]?.value).toBeDefined();
    expect(facts).toMatchObject({
      usage: { inputTokens: 98, outputTokens: 99 },
      finishReason: "tool_calls",
      finishedChoices: 1,
      isDone: true,
    });
  });
});
