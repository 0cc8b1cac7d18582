import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseGgufHead } from "./gguf-head.ts";
import { encodeGguf, type GgufEntry } from "./gguf-sample.test-data.ts";

const entries: readonly GgufEntry[] = [
  ["general.architecture", "string", "llama"],
  ["general.name", "string", "Tiny"],
  ["llama.context_length", "u32", 2048],
  ["llama.block_count", "u32", 4],
  ["tokenizer.ggml.tokens", "strings", ["<s>", "a", "b"]],
  ["general.file_type", "u32", 1],
];

function parse(bytes: Uint8Array): ReturnType<typeof parseGgufHead> {
  return parseGgufHead(bytes, bytes.length);
}

/** A file with one 64-bit number in its place, by its offset. */
function withU64(offset: number, value: bigint): Uint8Array {
  const bytes = encodeGguf({ entries, tensors: [{ name: "w", dimensions: [4n], offset: 0n }] });
  new DataView(bytes.buffer).setBigUint64(offset, value, true);
  return bytes;
}

describe("parseGgufHead", () => {
  it("reads what the platform needs", () => {
    const bytes = encodeGguf({ entries, tensors: [{ name: "w", dimensions: [4n, 2n], offset: 0n }] });
    expect(parse(bytes)).toMatchObject({
      type: "head",
      head: {
        architecture: "llama",
        name: "Tiny",
        contextTokens: 2048,
        blockCount: 4,
        fileType: 1,
        tensorCount: 1,
        poolingType: undefined,
      },
    });
  });

  it("asks for more of a longer file and calls a cut one corrupt", () => {
    const bytes = encodeGguf({ entries, tensors: [] });
    for (let length = 0; length < bytes.length - 64; length += 7) {
      const start = bytes.subarray(0, length);
      expect(parseGgufHead(start, bytes.length).type).toBe("more");
      expect(parse(start).type).toBe("corrupt");
    }
  });

  it.each<readonly [string, Uint8Array]>([
    ["an empty file", new Uint8Array()],
    ["four bytes", new Uint8Array([71, 71, 85, 70])],
    ["another format", new TextEncoder().encode("PK\u0003\u0004 and so on, for long enough")],
    ["2^60 metadata entries", withU64(16, 1n << 60n)],
    ["2^60 tensors", withU64(8, 1n << 60n)],
    ["a key of 2^63 bytes", withU64(24, 1n << 63n)],
    [
      "a tensor of five dimensions",
      encodeGguf({ entries, tensors: [{ name: "w", dimensions: [1n, 1n, 1n, 1n, 1n], offset: 0n }] }),
    ],
    [
      "a tensor whose size overflows",
      encodeGguf({ entries, tensors: [{ name: "w", dimensions: [1n << 40n, 1n << 40n], offset: 0n }] }),
    ],
    [
      "a tensor beyond the end",
      encodeGguf({ entries, tensors: [{ name: "w", dimensions: [4n], offset: 1n << 40n }] }),
    ],
    ["alignment 0", encodeGguf({ entries: [...entries, ["general.alignment", "u32", 0]], tensors: [] })],
    ["alignment 24", encodeGguf({ entries: [...entries, ["general.alignment", "u32", 24]], tensors: [] })],
    ["no architecture", encodeGguf({ entries: [], tensors: [] })],
    [
      "an array of more values than bytes",
      encodeGguf({ entries: [["a", "hugeArray", 1n << 61n]], tensors: [] }),
    ],
  ])("calls %s corrupt", (_what, bytes) => {
    expect(parse(bytes)).toEqual({ type: "corrupt", reason: expect.any(String) });
  });

  it("never throws and never takes long, whatever the bytes", () => {
    const sound = encodeGguf({ entries, tensors: [{ name: "w", dimensions: [4n], offset: 0n }] });
    const change = fc.tuple(fc.nat({ max: sound.length - 1 }), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 12 }), (changes) => {
        const bytes = sound.slice();
        for (const [at, value] of changes) bytes[at] = value;
        const before = process.cpuUsage();
        expect(["head", "corrupt"]).toContain(parse(bytes).type);
        expect(process.cpuUsage(before).user).toBeLessThan(100_000);
      }),
      { numRuns: 2000 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => parse(bytes).type === "corrupt"));
  });
});
