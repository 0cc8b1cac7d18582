import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SseReader } from "./sse-reader.ts";

const role =
  'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n';
const word = (text: string) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: text }, finish_reason: null }] })}\n\n`;
const finish = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n';
const usage = 'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}\n\n';
const done = "data: [DONE]\n\n";

function read(
  pieces: readonly string[] | readonly Buffer[],
  keepUsageEvent = false,
): { readonly text: string; readonly reader: SseReader } {
  const reader = new SseReader({ keepUsageEvent });
  const passed = pieces.map((piece) => reader.push(Buffer.from(piece)) ?? Buffer.alloc(0));
  return { text: Buffer.concat(passed).toString(), reader };
}

describe("SseReader", () => {
  it("passes a stream on unchanged but for the end, which it keeps until the record is durable", () => {
    const { text, reader } = read([role + word("a") + word("b") + finish + usage + done], true);
    expect(text).toBe(role + word("a") + word("b") + finish + usage);
    expect(reader.terminalFrames()?.toString()).toBe(done);
    expect(reader.facts).toMatchObject({
      isDone: true,
      finishReason: "stop",
      finishedChoices: 1,
      contentEvents: 4,
    });
    expect(reader.facts.usage).toEqual({ inputTokens: 3, outputTokens: 2 });
  });

  it("keeps back the usage event that the client did not ask for, and still reads it", () => {
    const { text, reader } = read([role + finish + usage + done]);
    expect(text).toBe(role + finish);
    expect(reader.facts.usage?.inputTokens).toBe(3);
  });

  it("gives the same bytes and facts however the stream is cut", () => {
    const stream = Buffer.from(
      `: ping\n\n${role}${word("héllo")}${word('"finish_reason":"length"')}\r\n${finish}${usage}${done}`,
    );
    fc.assert(
      fc.property(fc.array(fc.nat({ max: stream.length - 1 })), (cuts) => {
        const points = [...new Set(cuts)].sort((a, b) => a - b);
        const whole = read([stream]);
        const cut = read(
          [0, ...points].map((from, index) => stream.subarray(from, points[index] ?? stream.length)),
        );
        expect(cut.text).toBe(whole.text);
        expect(cut.reader.facts).toEqual(whole.reader.facts);
        expect(cut.reader.facts.finishReason).toBe("stop");
      }),
    );
  });

  it("knows a byte order mark again when the first event comes in pieces", () => {
    const stream = Buffer.from(`\ufeff${role}${done}`);
    for (let cut = 1; cut < stream.length; cut++)
      expect(read([stream.subarray(0, cut), stream.subarray(cut)]).reader.facts.contentEvents).toBe(1);
  });

  it("passes only whole events, so that an error event can follow at any time", () => {
    const { text } = read([role + word("a").slice(0, -3)]);
    expect(text).toBe(role);
  });

  it.each([
    ["CRLF line ends", role.replaceAll("\n", "\r\n")],
    ["no blank behind data:", role.replace("data: ", "data:")],
    ["a byte order mark", `\ufeff${role}`],
    ["several data lines", 'data: {"choices":\ndata: [{"index":0,"delta":{"content":"a"}}]}\n\n'],
    ["other fields", `event: message\nid: 7\nretry: 10\n${role}`],
  ])("reads a stream with %s", (_what, stream) => {
    expect(read([stream]).reader.facts.contentEvents).toBe(1);
  });

  it.each([
    ["an HTML page", "<html><body>Bad gateway</body></html>\n\n"],
    ["plain JSON", '{"choices":[]}\n\n'],
    ["an event that is not JSON", "data: {not json\n\n"],
    ["an event that is no object", "data: [1]\n\n"],
    ["a line over 1 MiB", `data: {"a":"${"x".repeat(1_048_577)}`],
  ])("refuses %s as malformed", (_what, stream) => {
    expect(() => read([stream])).toThrow(expect.objectContaining({ code: "upstream_malformed" }));
  });

  it("holds no more than a line's worth of bytes before it refuses an endless line", () => {
    const reader = new SseReader({ keepUsageEvent: false });
    const piece = Buffer.alloc(64 * 1024, 0x61);
    const pushes = () => {
      for (let count = 1; count <= 17; count++) reader.push(piece);
    };
    expect(pushes).toThrow(expect.objectContaining({ code: "upstream_malformed" }));
  });

  it("stops at an error event and does not pass the upstream's own text on", () => {
    const { text, reader } = read([`${role}data: {"error":{"message":"key sk-123 at /srv/x"}}\n\n${finish}`]);
    expect(text).toBe(role);
    expect(reader.facts.error?.message).not.toContain("sk-123");
    expect(reader.facts.isComplete(1)).toBe(false);
  });

  it("is complete only when every choice has finished or the end is marked", () => {
    const { reader } = read([role + finish]);
    expect(reader.facts.isComplete(1)).toBe(true);
    expect(reader.facts.isComplete(2)).toBe(false);
  });
});
