import { closeSync, openSync, writeSync } from "node:fs";
import { type FilePlace, PlatformError, type ReplyBody, type StoredEnd } from "@llm-platform/kit";
import type { ByteLimiter } from "./byte-limiter.ts";
import { toDiskError } from "./disk-error.ts";
import { readBody } from "./read-body.ts";

export interface StoreParts {
  readonly limiter: ByteLimiter;
  readonly signal: AbortSignal;
  /** Told behind which byte all is written, of every piece. */
  onStored(position: number): void;
}

/** A connection that sends nothing for so long is given up. */
const stallMs = 60_000;

class TooLong extends Error {}

/**
 * Writes a body to its place, each piece as it was read: what the processor has just received it has in its cache, and
 * nothing is gathered. It blocks while the file system takes a piece, which is why it has a thread of its own.
 * Rejects with PlatformError as the body fails, `upstream_timeout` when nothing comes, `insufficient_storage` or another
 * when the file cannot be written, or with the signal's reason.
 */
export async function storeBody(body: ReplyBody, place: FilePlace, parts: StoreParts): Promise<StoredEnd> {
  const { limiter, onStored } = parts;
  const stalled = new AbortController();
  const stall = () =>
    stalled.abort(
      new PlatformError("upstream_timeout", "The source of the file sent nothing for a minute.", {
        isRetryable: true,
      }),
    );
  const signal = AbortSignal.any([parts.signal, stalled.signal]);
  let timer = setTimeout(stall, stallMs);
  let position = place.from;

  /** The source is not blamed for the time in which it is held back. */
  async function hold(passing: Promise<void>): Promise<void> {
    clearTimeout(timer);
    await passing;
    timer = setTimeout(stall, stallMs);
  }

  const file = openPlace(body, place.path);
  function take(piece: Uint8Array): Promise<void> | undefined {
    if (position + piece.byteLength > place.until) throw new TooLong();
    timer.refresh();
    writeWhole(file, piece, position);
    position += piece.byteLength;
    onStored(position);
    const passing = limiter.pass(piece.byteLength, signal);
    return passing === undefined ? undefined : hold(passing);
  }

  try {
    // What came with the head is delivered first.
    body.resume();
    await readBody(body, take, signal);
    return position < place.until ? "short" : "whole";
  } catch (error) {
    if (error instanceof TooLong) return "long";
    throw error;
  } finally {
    clearTimeout(timer);
    closeSync(file);
  }
}

function openPlace(body: ReplyBody, path: string): number {
  try {
    return openSync(path, "r+");
  } catch (error) {
    body.cancel();
    throw toDiskError(error);
  }
}

function writeWhole(file: number, bytes: Uint8Array, position: number): void {
  try {
    // A disk that fills up may take a part of it first.
    for (let written = 0; written < bytes.byteLength; )
      written += writeSync(file, bytes, written, bytes.byteLength - written, position + written);
  } catch (error) {
    throw toDiskError(error);
  }
}
