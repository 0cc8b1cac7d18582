import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineWriter } from "./line-writer.ts";

type Piece =
  | { readonly text: string }
  | { readonly quoted: string | null }
  | { readonly number: number | null }
  | { readonly bytes: Uint8Array<ArrayBuffer> };

const pieces: fc.Arbitrary<readonly Piece[]> = fc.array(
  fc.oneof(
    fc.record({ text: fc.string({ unit: "binary", maxLength: 200 }) }),
    fc.record({ text: fc.string({ unit: "binary-ascii", maxLength: 200 }) }),
    fc.record({ quoted: fc.option(fc.string({ unit: "binary", maxLength: 50 })) }),
    fc.record({ quoted: fc.string({ unit: "binary-ascii", maxLength: 50 }) }),
    fc.record({ number: fc.option(fc.oneof(fc.maxSafeInteger(), fc.nat(1_000), fc.double())) }),
    fc.record({ bytes: fc.uint8Array({ maxLength: 200 }) }),
  ),
);

function write(lines: LineWriter, piece: Piece): void {
  if ("text" in piece) lines.text(piece.text);
  else if ("quoted" in piece) lines.quoted(piece.quoted);
  else if ("number" in piece) lines.number(piece.number);
  else lines.append(piece.bytes);
}

function bytesOf(piece: Piece): Uint8Array {
  if ("bytes" in piece) return piece.bytes;
  if ("quoted" in piece) return Buffer.from(JSON.stringify(piece.quoted));
  return Buffer.from("text" in piece ? piece.text : String(piece.number));
}

describe("a line writer", () => {
  it("holds the bytes of what was written, in its order, again after each clear", () => {
    const lines = new LineWriter();
    fc.assert(
      fc.property(pieces, (written) => {
        lines.clear();
        for (const piece of written) write(lines, piece);
        const expected = Buffer.concat(written.map(bytesOf));
        expect(lines.length).toBe(expected.length);
        expect(lines.written.equals(expected)).toBe(true);
      }),
    );
  });

  it.each([0, 9, 10, 99, 100, 2 ** 31, 999_999_999_999, 2 ** 53 - 1, 2 ** 53, -1, 0.5, 1e21])(
    "writes the number %d as JSON does",
    (number) => {
      const lines = new LineWriter();
      lines.number(number);
      expect(lines.written.toString()).toBe(JSON.stringify(number));
    },
  );

  it("grows with what is written, and takes back what came last", () => {
    const lines = new LineWriter();
    const long = "ä€x".repeat(200_000);
    lines.text("first\n");
    const { length } = lines;
    lines.text(long);
    expect(lines.written.toString()).toBe(`first\n${long}`);
    lines.truncate(length);
    lines.text("second\n");
    expect(lines.written.toString()).toBe("first\nsecond\n");
  });
});
