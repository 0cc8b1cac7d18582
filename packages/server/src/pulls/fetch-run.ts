import { setTimeout as sleep } from "node:timers/promises";
import { type FilePart, PlatformError } from "@llm-platform/kit";
import { backOffDelayMs } from "../core/back-off.ts";
import type { ByteRun } from "../core/chunk-map.ts";
import type { RunPace } from "../core/run-length.ts";
import type { FileSource } from "./file-source.ts";
import type { PartFile } from "./part-file.ts";

export interface FetchParts {
  readonly source: FileSource;
  readonly part: PartFile;
  /** Whether the run is the whole file, of a source that knows no parts. */
  readonly isWhole: boolean;
  readonly signal: AbortSignal;
  /** Told which bytes come now. */
  onAsk(run: ByteRun): void;
  /** Told of bytes that are written. */
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
/** An answer that does not come for so long is given up. */
const stallMs = 60_000;
const longestRetryAfterMs = 300_000;

/**
 * Fetches a run of bytes, again and again from where it broke off.
 * Rejects with PlatformError, FileChanged or NoParts, or with the signal's reason.
 */
export async function fetchRun(parts: FetchParts, run: ByteRun): Promise<RunPace> {
  const startedAtMs = performance.now();
  const progress: RunProgress = { position: run.from, askedMs: 0 };
  try {
    await fetchPatiently(parts, run, progress);
  } finally {
    await parts.part.whenNoted();
  }
  return { askedMs: progress.askedMs, tookMs: performance.now() - startedAtMs };
}

interface RunProgress {
  /** Before it all is written, and all whole chunks are noted. */
  position: number;
  /** Spent on waiting for answers. */
  askedMs: number;
}

async function fetchPatiently(parts: FetchParts, run: ByteRun, progress: RunProgress): Promise<void> {
  for (let failures = 0; ; ) {
    const before = progress.position;
    try {
      await fetchOnce(parts, run, progress);
      return;
    } catch (error) {
      if (parts.signal.aborted) throw parts.signal.reason;
      if (!(error instanceof PlatformError) || !error.isRetryable) throw error;
      failures = progress.position > before ? 1 : failures + 1;
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

async function fetchOnce(parts: FetchParts, run: ByteRun, progress: RunProgress): Promise<void> {
  const { source, part, signal } = parts;
  const { position: from } = progress;
  const { until } = run;
  parts.onAsk({ from, until });
  const answer = await askFor(parts, { from, until }, progress);
  expectPart(answer, parts, from);
  const end = await answer.body.store(
    { path: part.path, from, until },
    (position) => {
      part.note({ from: progress.position, until: position });
      parts.onBytes(position - progress.position);
      progress.position = position;
    },
    signal,
  );
  if (end === "long") throw new FileChanged(source.name);
  if (end === "short") throw brokenOff(undefined);
}

async function askFor(
  { source, signal }: FetchParts,
  run: ByteRun,
  progress: RunProgress,
): Promise<FilePart> {
  const stall = new AbortController();
  const timer = setTimeout(() => stall.abort(), stallMs);
  const startedAtMs = performance.now();
  try {
    return await source.open(run, AbortSignal.any([signal, stall.signal]));
  } catch (error) {
    throw error instanceof PlatformError ? error : brokenOff(error);
  } finally {
    clearTimeout(timer);
    progress.askedMs += performance.now() - startedAtMs;
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
  body.drop();
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
