import { createHash } from "node:crypto";
import { encodeGguf } from "../../../packages/integrations/src/local/gguf-sample.test-data.ts";

/** Bytes of a file of the hub, made from a seed: the same each time, and never all in memory. */
export type HubContents = {
  readonly sizeBytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
  /** @param until the first byte that is not wanted; fewer may be read at once. Nobody writes to what is read. */
  read(from: number, until: number): Buffer;
};

const head = Buffer.from(
  encodeGguf({
    entries: [
      ["general.architecture", "string", "llama"],
      ["general.name", "string", "of the fake hub"],
    ],
    tensors: [],
  }),
);
const blockBytes = 1024 * 1024;
/** So much of a block says which one it is. */
const beginningBytes = 4 * 1024;

/** A file with the head of a GGUF file: it can be listed as a model, and not be run. */
export function seededContents(sizeBytes: number, seed: string): HubContents {
  const base = Buffer.alloc(blockBytes);
  for (let at = 0; at < blockBytes; at += 32)
    createHash("md5").update(`${seed}:${at}`).digest().copy(base, at);
  /** Only the beginning of a block differs from the others. */
  const beginning = (index: number): Buffer => {
    const bytes = Buffer.from(base.subarray(0, beginningBytes));
    bytes.writeUInt32LE(index, 0);
    if (index === 0) head.copy(bytes);
    return bytes;
  };
  return contentsOf(sizeBytes, (from, until) => {
    const start = from % blockBytes;
    const end = Math.min(blockBytes, start + until - from);
    if (start >= beginningBytes) return base.subarray(start, end);
    return beginning(Math.floor(from / blockBytes)).subarray(start, end);
  });
}

/** A file with exactly these bytes. */
export function givenContents(bytes: Uint8Array): HubContents {
  const whole = Buffer.from(bytes);
  return contentsOf(whole.length, (from, until) => whole.subarray(from, until));
}

function contentsOf(sizeBytes: number, readBlock: HubContents["read"]): HubContents {
  const read = (from: number, until: number): Buffer => readBlock(from, Math.min(until, sizeBytes));
  const hash = createHash("sha256");
  for (let at = 0; at < sizeBytes; ) {
    const bytes = read(at, sizeBytes);
    hash.update(bytes);
    at += bytes.length;
  }
  return { sizeBytes, sha256: hash.digest("hex"), read };
}

/** What Git calls a file of these bytes. */
export function gitOid({ sizeBytes, read }: HubContents): string {
  const hash = createHash("sha1").update(`blob ${sizeBytes}\0`);
  for (let at = 0; at < sizeBytes; ) {
    const bytes = read(at, sizeBytes);
    hash.update(bytes);
    at += bytes.length;
  }
  return hash.digest("hex");
}
