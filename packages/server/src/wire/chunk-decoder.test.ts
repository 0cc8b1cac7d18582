import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChunkDecoder, ChunkFramingError } from "./chunk-decoder.ts";

function decode(pieces: readonly Buffer[]): { readonly payload: string; readonly end: number } {
  const decoder = new ChunkDecoder();
  let payload = "";
  for (const piece of pieces) {
    const read = Buffer.from(piece);
    const end = decoder.decode(read, 0);
    payload += read.toString("latin1", decoder.payloadStart, decoder.payloadEnd);
    if (end >= 0) return { payload, end };
  }
  return { payload, end: -1 };
}

function frame(chunks: readonly string[]): string {
  return `${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join("")}0\r\n\r\n`;
}

describe("ChunkDecoder", () => {
  it("gives the same payload however the bytes are cut", () => {
    const chunks = fc.array(fc.string({ minLength: 1, unit: "binary-ascii" }), { minLength: 1 });
    fc.assert(
      fc.property(chunks, fc.array(fc.nat()), (texts, cuts) => {
        const bytes = Buffer.from(frame(texts), "latin1");
        const points = [...new Set(cuts.map((cut) => cut % bytes.length))].sort((a, b) => a - b);
        const pieces = [0, ...points].map((from, index) =>
          bytes.subarray(from, points[index] ?? bytes.length),
        );
        const { payload, end } = decode(pieces);
        expect(payload).toBe(texts.join(""));
        expect(end).toBeGreaterThan(0);
      }),
    );
  });

  it("joins the chunks of one read into one payload", () => {
    expect(decode([Buffer.from("2\r\nab\r\n3\r\ncde\r\n")])).toEqual({ payload: "abcde", end: -1 });
  });

  it("takes extensions and trailers off", () => {
    expect(decode([Buffer.from("2;x=y\r\nab\r\n0\r\nTrailer: z\r\n\r\n")])).toEqual({
      payload: "ab",
      end: 28,
    });
  });

  it.each([
    ["5;x\r\nhello\r\n0\r\n\r\n", "hello"],
    ["5;x=y;z\r\nhello\r\n0;a=b\r\n\r\n", "hello"],
    ['5;x="y;\t z"\r\nhello\r\n0\r\n\r\n', "hello"],
    ["05\r\nhello\r\n000\r\nA: b\r\nC:\r\n\r\n", "hello"],
    ["5\r\nhello\r\n0\r\nContent-Lengths: b\r\nContent-Lengt: c\r\nTE: d\r\n\r\n", "hello"],
  ])("takes %j", (text, payload) => {
    expect(decode([Buffer.from(text)])).toEqual({ payload, end: text.length });
  });

  it.each(["extension", "trailer"])("refuses an endless %s", (part) => {
    const start = part === "trailer" ? "0\r\nA:" : "5;";
    expect(() => decode([Buffer.from(`${start}${"x".repeat(10_000)}`)])).toThrow(ChunkFramingError);
  });

  it.each([
    "\r\n",
    "g\r\n",
    "2\nab",
    "2\r\nabc\r\n",
    "123456789\r\n",
    "-1\r\n",
    '5;x="\\""\r\n',
    '5;x="y"z\r\n',
    "5;=y\r\n",
    "5;x=\r\n",
    "0\r\nContent-Length: 5\r\n\r\n",
    "0\r\nA: b\r\ntransfer-ENCODING:chunked\r\n\r\n",
  ])("refuses the framing %j", (text) => {
    expect(() => decode([Buffer.from(text)])).toThrow(ChunkFramingError);
  });
});
