import { type FilePlace, PlatformError, type ReplyBody, type StoredEnd } from "@llm-platform/kit";
import type { ByteLimiter } from "./byte-limiter.ts";
import { openPlace, type PlaceWriter, type PlaceWriterParts, TooLong } from "./place-writer.ts";
import { readBody } from "./read-body.ts";

export interface StoreParts extends PlaceWriterParts {
  readonly limiter: ByteLimiter;
  readonly signal: AbortSignal;
}

/** A connection that sends nothing for so long is given up. */
const stallMs = 60_000;

/**
 * Writes a body to its place. It blocks while the file system takes a piece, which is why it has a thread of its own.
 * Rejects with PlatformError as the body fails, `upstream_timeout` when nothing comes, `insufficient_storage` or another
 * when the file cannot be written, or with the signal's reason.
 */
export async function storeBody(body: ReplyBody, place: FilePlace, parts: StoreParts): Promise<StoredEnd> {
  const { limiter } = parts;
  const stalled = new AbortController();
  const stall = () =>
    stalled.abort(
      new PlatformError("upstream_timeout", "The source of the file sent nothing for a minute.", {
        isRetryable: true,
      }),
    );
  const signal = AbortSignal.any([parts.signal, stalled.signal]);
  const writer = openFor(body, place, parts);
  let timer = setTimeout(stall, stallMs);

  /** The source is not blamed for the time in which it is held back. */
  async function hold(passing: Promise<unknown>): Promise<void> {
    clearTimeout(timer);
    await passing;
    timer = setTimeout(stall, stallMs);
  }

  function take(piece: Uint8Array): Promise<void> | undefined {
    timer.refresh();
    const opening = writer.take(piece);
    const passing = limiter.pass(piece.byteLength, signal);
    return opening === undefined && passing === undefined ? undefined : hold(Promise.all([opening, passing]));
  }

  try {
    // What came with the head is delivered first.
    body.resume();
    await readBody(body, { take, room: () => writer.room() }, signal);
    return writer.position < place.until ? "short" : "whole";
  } catch (error) {
    if (error instanceof TooLong) return "long";
    throw error;
  } finally {
    clearTimeout(timer);
    writer.close();
  }
}

function openFor(body: ReplyBody, place: FilePlace, parts: PlaceWriterParts): PlaceWriter {
  try {
    return openPlace(place, parts);
  } catch (error) {
    body.cancel();
    throw error;
  }
}
