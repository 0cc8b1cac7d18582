import { open } from "node:fs/promises";
import type { Writable } from "node:stream";

/**
 * Read and sent at a time, from one buffer that is used again: a stream would make a new one each time, and collecting
 * those of a large file halts calls for tens of milliseconds.
 */
const chunkBytes = 128 * 1024;

/**
 * Sends a file to the end, as fast as it is taken, and ends the stream. Rejects when the stream or the disk fails, and when
 * the signal aborts.
 */
export async function sendFile(path: string, to: Writable, signal: AbortSignal): Promise<void> {
  const file = await open(path, "r");
  const stop = () => to.destroy();
  signal.addEventListener("abort", stop, { once: true });
  try {
    const buffer = Buffer.allocUnsafeSlow(chunkBytes);
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, chunkBytes);
      if (bytesRead === 0) break;
      await write(to, buffer.subarray(0, bytesRead));
    }
    await new Promise<void>((resolve, reject) => {
      to.once("close", () => reject(new Error("the reader has gone")));
      to.end(resolve);
    });
  } finally {
    signal.removeEventListener("abort", stop);
    await file.close();
  }
}

/** Resolves when the bytes are not needed any more. */
function write(to: Writable, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const onClose = () => reject(new Error("the reader has gone"));
    to.once("close", onClose);
    to.write(bytes, (error) => {
      to.off("close", onClose);
      if (error === null || error === undefined) resolve();
      else reject(error);
    });
  });
}
