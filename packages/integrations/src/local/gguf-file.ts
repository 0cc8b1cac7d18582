import { open } from "node:fs/promises";
import { type GgufResult, parseGgufHead } from "./gguf-head.ts";

const firstReadBytes = 1024 * 1024;
/** Heads beyond this are refused: the largest vocabularies in use need a third of it. */
const maxHeadBytes = 64 * 1024 * 1024;

/** Reads the head of a file, in steps that double. Rejects when the file cannot be read. */
export async function readGgufFile(path: string): Promise<Exclude<GgufResult, { type: "more" }>> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    for (let length = Math.min(firstReadBytes, size); ; length = Math.min(length * 2, size)) {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, 0);
      const result = parseGgufHead(buffer.subarray(0, bytesRead), size);
      if (result.type !== "more") return result;
      if (bytesRead < length) return { type: "corrupt", reason: "the file was cut while it was read" };
      if (length >= maxHeadBytes)
        return { type: "corrupt", reason: `its head is larger than ${maxHeadBytes} bytes` };
    }
  } finally {
    await file.close();
  }
}
