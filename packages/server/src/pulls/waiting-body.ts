import type { ByteSink, PlatformError, ReplyBody } from "@llm-platform/kit";

/** So much may come before it is known where it goes; then the source is held back. */
const mostHeldBytes = 1024 * 1024;

/**
 * A body of which it is not known yet where it goes: what comes at once is kept, and so is how it ended.
 * @param body that nobody reads yet; its bytes may be overwritten by the next read
 */
export function waitingBody(body: ReplyBody): ReplyBody {
  const held: Uint8Array[] = [];
  let heldBytes = 0;
  let sink: ByteSink | undefined;
  let ending: ((sink: ByteSink) => void) | undefined;

  function end(tell: (sink: ByteSink) => void): void {
    if (sink === undefined) ending = tell;
    else tell(sink);
  }

  body.read({
    data(piece) {
      if (sink !== undefined) {
        sink.data(piece);
        return;
      }
      held.push(Uint8Array.from(piece));
      heldBytes += piece.byteLength;
      if (heldBytes >= mostHeldBytes) body.pause();
    },
    room: () => sink?.room?.(),
    end: () => end((reader) => reader.end()),
    fail: (error: PlatformError) => end((reader) => reader.fail(error)),
  });
  const isOver = (): boolean => ending !== undefined;
  return {
    read(reader) {
      sink = reader;
      for (const piece of held.splice(0)) reader.data(piece);
      ending?.(reader);
    },
    // A connection whose reply has ended may carry another one: it is not touched any more.
    pause: () => void (isOver() || body.pause()),
    resume: () => void (isOver() || body.resume()),
    cancel: () => void (isOver() || body.cancel()),
  };
}
