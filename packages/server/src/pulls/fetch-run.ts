import { setTimeout as sleep } from "node:timers/promises";
import { PlatformError } from "@llm-platform/kit";
import { backOffDelayMs } from "../core/back-off.ts";
import type { ByteRun } from "../core/chunk-map.ts";
import type { ByteLimiter } from "./byte-limiter.ts";
import type { FileSource } from "./file-source.ts";
import { chunkBytes, type PartFile } from "./part-file.ts";

export interface FetchParts {
  readonly source: FileSource;
  readonly part: PartFile;
  readonly limiter: ByteLimiter;
  /** Whether the run is the whole file, of a source that knows no parts. */
  readonly isWhole: boolean;
  readonly signal: AbortSignal;
  /** Told of bytes that were written. */
  onBytes(bytes: number): void;
  /** Told of a try that failed and will be made again. */
  onRetry(error: PlatformError): void;
}

/** The file is another one than when its fetching began. */
export class FileChanged extends Error {}

/** The source sends whole files only. */
export class NoParts extends Error {}

/** Tries in a row without a byte before the pull fails. */
const mostTries = 8;
const longestDelayMs = 30_000;
/** A connection that sends nothing for so long is given up. */
const stallMs = 60_000;
const longestRetryAfterMs = 300_000;

/** Fetches a run of bytes, again and again from where it broke off. Rejects with PlatformError, FileChanged or NoParts. */
export async function fetchRun(parts: FetchParts, run: ByteRun): Promise<void> {
  const writer = createChunkWriter(parts, run);
  for (let failures = 0; ; ) {
    const before = writer.position;
    try {
      await fetchOnce(parts, run, writer);
      return;
    } catch (error) {
      if (parts.signal.aborted) throw parts.signal.reason;
      if (!(error instanceof PlatformError) || !error.isRetryable) throw error;
      failures = writer.position > before ? 1 : failures + 1;
      if (failures >= mostTries) throw error;
      parts.onRetry(error);
      await sleep(delayOf(failures, error), undefined, { signal: parts.signal });
    }
  }
}

function delayOf(failures: number, { retryAfterMs = 0 }: PlatformError): number {
  const random = Math.random();
  const delayMs = backOffDelayMs({ attempt: failures - 1, factor: 2, maxDelayMs: longestDelayMs, random });
  return Math.max(delayMs, Math.min(longestRetryAfterMs, retryAfterMs));
}

async function fetchOnce(parts: FetchParts, run: ByteRun, writer: ChunkWriter): Promise<void> {
  const stall = new AbortController();
  const timer = setTimeout(() => stall.abort(), stallMs);
  const signal = AbortSignal.any([parts.signal, stall.signal]);
  try {
    const from = writer.position;
    const response = await parts.source.open({ from, until: run.until }, signal);
    await expectPart(response, parts, from);
    for await (const piece of response.body ?? []) {
      timer.refresh();
      await writer.push(piece);
      await parts.limiter.pass(piece.byteLength, parts.signal);
    }
    if (writer.position < run.until) throw brokenOff(undefined);
  } catch (error) {
    if (error instanceof PlatformError || error instanceof FileChanged || error instanceof NoParts)
      throw error;
    throw brokenOff(error);
  } finally {
    clearTimeout(timer);
    // What else would come of the body is not wanted.
    stall.abort();
  }
}

/** Throws unless the answer is the part that was asked for, of the file that it was. */
async function expectPart(response: Response, { source, isWhole }: FetchParts, from: number): Promise<void> {
  const { status, headers } = response;
  if (status === 206) {
    const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get("content-range") ?? "");
    if (range !== null && Number(range[1]) === from && Number(range[2]) === source.sizeBytes) return;
  }
  if (status === 200 && isWhole && from === 0) return;
  await response.body?.cancel();
  if (status === 206 || status === 416 || status === 412) throw new FileChanged();
  if (status === 200) throw new NoParts();
  throw new PlatformError("upstream_error", `The source of the file answered with status ${status}.`, {
    upstreamStatus: status,
    isRetryable: status === 429 || status >= 500,
    retryAfterMs: Number(headers.get("retry-after") ?? 0) * 1_000 || 0,
  });
}

function brokenOff(cause: unknown): PlatformError {
  return new PlatformError("upstream_incomplete", "The source of the file broke off before its end.", {
    isRetryable: true,
    cause,
  });
}

interface ChunkWriter {
  /** Where the next byte of the source goes. */
  readonly position: number;
  push(piece: Uint8Array): Promise<void>;
}

/**
 * Gathers the bytes of a chunk, writes them as one, and notes the chunk. They are copied into one buffer: pieces that are
 * held until a chunk is whole grow old, and collecting them costs more than all the rest.
 */
function createChunkWriter({ part, onBytes }: FetchParts, { from, until }: ByteRun): ChunkWriter {
  const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, until - from));
  let chunkStart = from;
  let filled = 0;

  return {
    get position() {
      return chunkStart + filled;
    },
    async push(piece) {
      if (chunkStart + filled + piece.byteLength > until) throw new FileChanged();
      onBytes(piece.byteLength);
      for (let taken = 0; taken < piece.byteLength; ) {
        const length = Math.min(chunkBytes, until - chunkStart);
        const count = Math.min(length - filled, piece.byteLength - taken);
        chunk.set(piece.subarray(taken, taken + count), filled);
        taken += count;
        filled += count;
        if (filled < length) continue;
        await part.write(chunk.subarray(0, length), chunkStart);
        await part.note(chunkStart / chunkBytes);
        chunkStart += length;
        filled = 0;
      }
    },
  };
}
