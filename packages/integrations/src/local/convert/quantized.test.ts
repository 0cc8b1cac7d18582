import { describe, expect, it } from "vitest";
import { readFixture } from "./model-folder.test-data.ts";
import { encodeNumbers } from "./numbers.ts";

const count = 1024;
const reference = readFixture<Readonly<Record<string, string>>>("quantized");

/** As `value` in `fixtures/make_quantized.py`. */
function numberAt(index: number): number {
  if (index < 32) return 0;
  let mixed = Math.imul(7 ^ Math.imul(index, 0x9e3779b1), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  mixed = (mixed ^ (mixed >>> 16)) >>> 0;
  const unit = (mixed / 2 ** 32 - 0.5) * 2 * (1 + Math.floor(index / 256));
  return index < 64 ? Math.abs(unit) : unit;
}

const numbers = Float32Array.from({ length: count }, (_, index) => numberAt(index));

function madeByGgml(name: string): Uint8Array {
  return Buffer.from(reference[name] ?? "", "base64");
}

/** What the blocks of Q4_K stand for, as `dequantize_row_q4_K` of ggml reads them. */
function decodeQ4K(bytes: Uint8Array): readonly number[] {
  return Array.from({ length: count }, (_, index) => {
    const block = new DataView(bytes.buffer, bytes.byteOffset + Math.floor(index / 256) * 144, 144);
    const part = Math.floor((index % 256) / 32);
    const at = (offset: number): number => block.getUint8(4 + offset);
    const [scale, minimum] =
      part < 4
        ? [at(part) & 63, at(part + 4) & 63]
        : [(at(part + 4) & 15) | ((at(part - 4) >>> 6) << 4), (at(part + 4) >>> 4) | ((at(part) >>> 6) << 4)];
    const pair = block.getUint8(16 + Math.floor(part / 2) * 32 + (index % 32));
    const level = part % 2 === 0 ? pair & 15 : pair >>> 4;
    return block.getFloat16(0, true) * scale * level - block.getFloat16(2, true) * minimum;
  });
}

function lossOf(decoded: readonly number[]): number {
  return Math.sqrt(decoded.reduce((sum, value, index) => sum + (value - (numbers[index] ?? 0)) ** 2, 0));
}

describe("numbers are quantised as ggml does it", () => {
  it.each(["q4_0", "q5_0", "q8_0"] as const)("%s, to the byte", (type) => {
    expect(Buffer.from(encodeNumbers(numbers, type)).equals(madeByGgml(type))).toBe(true);
  });

  // It tries scales, and two of them may be as good but for the last bit of a sum of 32-bit floats.
  it("q4_k, in nearly all bytes, and with no greater loss", () => {
    const made = encodeNumbers(numbers, "q4_k");
    const wanted = madeByGgml("q4_k");
    const same = made.filter((byte, index) => byte === wanted[index]).length;
    expect(same / wanted.length).toBeGreaterThan(0.9);
    expect(lossOf(decodeQ4K(made))).toBeLessThan(lossOf(decodeQ4K(wanted)) * 1.005);
  });
});
