import { PlatformError } from "@llm-platform/kit";
import { loneRunChunks, nextRunChunks } from "../core/run-length.ts";
import { expectRoom } from "./disk-room.ts";
import { FileChanged, fetchRun, type FetchParts, NoParts } from "./fetch-run.ts";
import type { FileHasher, HashThread } from "./file-hasher.ts";
import type { FileSource } from "./file-source.ts";
import { chunkBytes, openPartFile, type PartFile, removePart } from "./part-file.ts";
import { runConnections } from "./run-connections.ts";

export interface DownloadParts {
  /** Connections for one file at most. */
  readonly connections: number;
  /** What must stay free of the disk. */
  readonly reserveBytes: number;
  readonly hashes: Pick<HashThread, "open">;
}

export interface Download {
  readonly source: FileSource;
  /** Path of the part without its ending. */
  readonly stem: string;
  readonly signal: AbortSignal;
  /** Finds the file as it is now, when it turned out to be another. */
  findAgain(): Promise<FileSource>;
  onProgress(completedBytes: number, totalBytes: number): void;
  /** Told of bytes that came over the network, also of those that were of no use. */
  onFetched(bytes: number): void;
  /** Told in a sentence of what is not as it was, and goes on all the same. */
  onNotice(notice: string): void;
  /** Told of a try that failed and is made again. */
  onRetry(error: PlatformError): void;
  /** Told when the last byte is there. */
  onFetchedAll(): void;
}

export interface Downloaded {
  /** The whole file, which the disk has. */
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Bounds of a run of one connection, and with how many it begins. */
const runChunks = { least: 8, most: 64 };
const firstRunChunks = 16;
/** Bytes come many times a second; how far they are is told so often. */
const tellEveryMs = 50;
/** A file that changes again and again is never whole. */
const mostVersions = 3;

/**
 * Fetches a file by several connections, going on with what there is of it, and hashes it on the way.
 * Rejects with PlatformError: `insufficient_storage` before or while the disk is full, `upstream_malformed` when the
 * contents are not what the source says they are, or as the source's `open` does; or with the signal's reason.
 */
export async function downloadFile(parts: DownloadParts, download: Download): Promise<Downloaded> {
  let isWhole = false;
  let { source } = download;
  for (let version = 1; ; version++) {
    try {
      return await downloadVersion({ ...parts, isWhole }, { ...download, source });
    } catch (error) {
      if (!(error instanceof FileChanged || error instanceof NoParts)) throw error;
      await removePart(download.stem);
      if (version >= mostVersions)
        throw new PlatformError(
          "upstream_malformed",
          "The file changed at its source again and again while it was fetched. Try later, or pin a revision.",
        );
      if (error instanceof FileChanged) {
        download.onNotice("The file changed at its source while it was fetched: it is fetched anew.");
        source = await download.findAgain();
      } else {
        isWhole = true;
        download.onNotice("The source sends whole files only: a break costs what was fetched.");
      }
    }
  }
}

interface VersionParts extends DownloadParts {
  /** Whether the source knows no parts. */
  readonly isWhole: boolean;
}

async function downloadVersion(parts: VersionParts, download: Download): Promise<Downloaded> {
  const { source, stem } = download;
  const { part, wasOther } = await openPartFile(stem, source);
  if (wasOther)
    download.onNotice("The file changed at its source since its fetching began: it is fetched anew.");
  const hasher = parts.hashes.open(part.path);
  try {
    await expectRoom(stem, source.sizeBytes - part.chunks.completedBytes, parts.reserveBytes);
    const sha256 = await fetchAll(parts, download, { part, hasher });
    if (source.sha256 !== undefined && source.sha256 !== sha256) throw await corrupt(stem);
    return { path: part.path, sha256, sizeBytes: source.sizeBytes };
  } finally {
    hasher.stop();
    await part.close();
  }
}

interface OpenPart {
  readonly part: PartFile;
  readonly hasher: FileHasher;
}

async function fetchAll(
  parts: VersionParts,
  download: Download,
  { part, hasher }: OpenPart,
): Promise<string> {
  const { source } = download;
  const { chunks } = part;
  // One connection that fails for good ends the others.
  const over = new AbortController();
  let fetchedBytes = chunks.completedBytes;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  const connectionCount = parts.isWhole ? 1 : parts.connections;
  const fetchParts: FetchParts = {
    source,
    part,
    isWhole: parts.isWhole,
    signal: AbortSignal.any([download.signal, over.signal]),
    onAsk: hasher.expect,
    onBytes(bytes) {
      fetchedBytes += bytes;
      download.onFetched(bytes);
      hasher.advance(chunks.prefixBytes);
      const nowMs = performance.now();
      if (nowMs - toldAtMs < tellEveryMs) return;
      toldAtMs = nowMs;
      download.onProgress(fetchedBytes, source.sizeBytes);
    },
    onRetry: download.onRetry,
  };
  const fairRun = Math.ceil(chunks.freeChunks / (2 * connectionCount));
  const longestRun = Math.min(runChunks.most, fairRun);

  async function connect(isAlone: () => boolean): Promise<void> {
    for (let length = Math.min(firstRunChunks, longestRun); ; ) {
      const run = chunks.take(parts.isWhole ? Number.POSITIVE_INFINITY : length);
      if (run === undefined) return;
      const pace = await fetchRun(fetchParts, run);
      length = isAlone()
        ? loneRunChunks((run.until - run.from) / chunkBytes, pace, { least: longestRun })
        : Math.min(longestRun, nextRunChunks(length, pace, runChunks));
    }
  }

  download.onProgress(fetchedBytes, source.sizeBytes);
  try {
    await runConnections({
      most: connectionCount,
      connect,
      fetchedBytes: () => fetchedBytes,
      giveUp: (error) => over.abort(error),
    });
  } catch (error) {
    throw download.signal.aborted ? download.signal.reason : error;
  }
  download.onProgress(fetchedBytes, source.sizeBytes);
  download.onFetchedAll();
  const [sha256] = await Promise.all([hasher.finish(source.sizeBytes), part.synchronise()]);
  return sha256;
}

/** What has the wrong contents is of no use, whole or in part. */
async function corrupt(stem: string): Promise<PlatformError> {
  await removePart(stem);
  return new PlatformError(
    "upstream_malformed",
    "What was fetched is not the file that its source describes (its SHA-256 differs). It was deleted; resume the pull to fetch it again.",
  );
}
