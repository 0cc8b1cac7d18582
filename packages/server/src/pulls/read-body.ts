import type { ReplyBody } from "@llm-platform/kit";

export interface PieceTaker {
  /** Takes a piece, whose bytes it copies before it returns; a promise when the next one is to wait. */
  take(piece: Uint8Array): Promise<void> | undefined;
  /** Where the next piece is best put; undefined for anywhere. */
  room?(): Uint8Array | undefined;
}

/**
 * Reads a body piece by piece to its end, and holds it back while a piece is being taken. What came before a break is taken.
 * Rejects as the body fails, as the taker does, or with the signal's reason.
 */
export function readBody(body: ReplyBody, taker: PieceTaker, signal: AbortSignal): Promise<void> {
  const done = Promise.withResolvers<void>();
  const held: Uint8Array[] = [];
  let isWaiting = false;
  // A connection whose reply has ended may carry another one: it is not touched any more.
  let ending: (() => void) | undefined;

  function giveUp(error: unknown): void {
    if (ending === undefined) body.cancel();
    done.reject(error);
  }
  const onAbort = (): void => giveUp(signal.reason);

  function end(settle: () => void): void {
    ending = settle;
    if (!isWaiting) settle();
  }

  async function hold(until: Promise<void>): Promise<void> {
    isWaiting = true;
    body.pause();
    try {
      await until;
      for (let piece = held.shift(); piece !== undefined; piece = held.shift()) await taker.take(piece);
    } catch (error) {
      giveUp(error);
      return;
    }
    isWaiting = false;
    if (ending === undefined) body.resume();
    else ending();
  }

  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  else
    body.read({
      data(piece) {
        if (isWaiting) {
          // The next read may overwrite it.
          held.push(Uint8Array.from(piece));
          return;
        }
        try {
          const taken = taker.take(piece);
          if (taken !== undefined) void hold(taken);
        } catch (error) {
          giveUp(error);
        }
      },
      // What is held is taken before what comes next, and elsewhere.
      room: () => (isWaiting ? undefined : taker.room?.()),
      end: () => end(() => done.resolve()),
      fail: (error) => end(() => done.reject(error)),
    });
  return done.promise.finally(() => signal.removeEventListener("abort", onAbort));
}
