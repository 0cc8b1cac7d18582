import { PlatformError } from "@llm-platform/kit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ChunkMap } from "../core/chunk-map.ts";
import { createChunkBuffers } from "./chunk-buffers.ts";
import { createChunkWriter } from "./chunk-writer.ts";
import { chunkBytes, type PartFile } from "./part-file.ts";

const never = (): Promise<void> => Promise.reject(new Error("not called"));

function createPart(sizeBytes: number, write?: PartFile["write"]) {
  const contents = Buffer.alloc(sizeBytes);
  const chunks = new ChunkMap(sizeBytes, chunkBytes);
  const part: PartFile = {
    path: "part",
    chunks,
    write:
      write ??
      (async (bytes, position) => {
        const now = Buffer.from(bytes);
        await Promise.resolve();
        // What is being written must not change under the writer's hands.
        expect(now.equals(bytes)).toBe(true);
        contents.set(bytes, position);
      }),
    note: async (chunk) => chunks.note(chunk),
    synchronise: never,
    close: never,
  };
  return { part, contents };
}

test("bytes come to where they belong, whatever their pieces, though the pieces' place is used again", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 * chunkBytes }),
      fc.integer({ min: 2, max: 4 }),
      fc.array(fc.integer({ min: 50_000, max: 3 * chunkBytes }), { minLength: 1, maxLength: 8 }),
      async (sizeBytes, bufferCount, lengths) => {
        const { part, contents } = createPart(sizeBytes);
        const wanted = Buffer.alloc(sizeBytes);
        for (let at = 0; at < sizeBytes; at += 997) wanted[at] = at % 251;
        const buffers = createChunkBuffers(bufferCount, chunkBytes);
        const writer = createChunkWriter(part, { from: 0, until: sizeBytes }, buffers);
        const place = Buffer.alloc(3 * chunkBytes);
        for (let index = 0; writer.position < sizeBytes; index++) {
          const from = writer.position;
          const length = Math.min(lengths[index % lengths.length] ?? 1, sizeBytes - from);
          place.set(wanted.subarray(from, from + length));
          const room = writer.push(place.subarray(0, length));
          place.fill(0xff, 0, length);
          await room;
          expect(writer.position).toBe(from + length);
        }
        await writer.close();
        expect(contents.equals(wanted)).toBe(true);
        expect(part.chunks.isComplete).toBe(true);
      },
    ),
    { numRuns: 20, endOnFailure: true },
  );
});

test("a chunk that the disk did not take is not noted, and the writer says why", async () => {
  const full = new PlatformError("insufficient_storage", "full");
  const { part } = createPart(4 * chunkBytes, () => Promise.reject(full));
  const buffers = createChunkBuffers(2, chunkBytes);
  const writer = createChunkWriter(part, { from: 0, until: 4 * chunkBytes }, buffers);
  await writer.push(Buffer.alloc(chunkBytes));
  await expect(writer.close()).rejects.toBe(full);
  expect(() => writer.push(Buffer.alloc(1))).toThrow(full);
  expect(part.chunks.completedBytes).toBe(0);
});
