import { setTimeout as sleep } from "node:timers/promises";
import { dropBody, type FilePart, PlatformError } from "@llm-platform/kit";
import { backOffDelayMs } from "../core/back-off.ts";
import type { ByteRun } from "../core/chunk-map.ts";
import type { ByteLimiter } from "./byte-limiter.ts";
import type { ChunkBuffers } from "./chunk-buffers.ts";
import { type ChunkWriter, createChunkWriter } from "./chunk-writer.ts";
import type { FileSource } from "./file-source.ts";
import type { PartFile } from "./part-file.ts";
import { readBody } from "./read-body.ts";

export interface FetchParts {
  readonly source: FileSource;
  readonly part: PartFile;
  readonly buffers: ChunkBuffers;
  readonly limiter: ByteLimiter;
  /** Whether the run is the whole file, of a source that knows no parts. */
  readonly isWhole: boolean;
  readonly signal: AbortSignal;
  /** Told of bytes that came. */
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
  const writer = createChunkWriter(parts.part, run, parts.buffers);
  try {
    await fetchPatiently(parts, run, writer);
  } finally {
    await writer.close();
  }
}

async function fetchPatiently(parts: FetchParts, run: ByteRun, writer: ChunkWriter): Promise<void> {
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
  let timer = setTimeout(() => stall.abort(), stallMs);
  const signal = AbortSignal.any([parts.signal, stall.signal]);

  /** The source is not blamed for the time in which it is held back. */
  async function hold(waits: readonly Promise<void>[]): Promise<void> {
    clearTimeout(timer);
    await Promise.all(waits);
    timer = setTimeout(() => stall.abort(), stallMs);
  }

  function take(piece: Uint8Array): Promise<void> | undefined {
    if (writer.position + piece.byteLength > run.until) throw new FileChanged();
    timer.refresh();
    parts.onBytes(piece.byteLength);
    const writing = writer.push(piece);
    const passing = parts.limiter.pass(piece.byteLength, signal);
    if (writing === undefined && passing === undefined) return undefined;
    return hold([writing, passing].filter((each) => each !== undefined));
  }

  try {
    const from = writer.position;
    const part = await parts.source.open({ from, until: run.until }, signal);
    expectPart(part, parts, from);
    await readBody(part.body, take, signal);
    if (writer.position < run.until) throw brokenOff(undefined);
  } catch (error) {
    if (error instanceof PlatformError || error instanceof FileChanged || error instanceof NoParts)
      throw error;
    throw brokenOff(error);
  } finally {
    clearTimeout(timer);
  }
}

/** Throws unless the answer is the part that was asked for, of the file that it was. */
function expectPart({ status, headers, body }: FilePart, parts: FetchParts, from: number): void {
  const { source, isWhole } = parts;
  if (status === 206) {
    const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get("content-range") ?? "");
    if (range !== null && Number(range[1]) === from && Number(range[2]) === source.sizeBytes) return;
  }
  if (status === 200 && isWhole && from === 0) return;
  if (status < 300) body.cancel();
  else dropBody(body);
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
