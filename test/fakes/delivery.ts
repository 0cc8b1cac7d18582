import type { Piece } from "./reply.ts";

type Delivery = (pieces: Iterable<Piece>) => Iterable<Piece>;

/** Lets that many events pass, then does what `last` says and ends. */
export function afterEvents(events: number, last: Iterable<Piece>): Delivery {
  return function* deliver(pieces) {
    let seen = 0;
    if (events > 0) {
      for (const piece of pieces) {
        yield piece;
        if (piece.type === "data" && piece.isEvent) seen += 1;
        if (seen >= events) break;
      }
    }
    yield* last;
  };
}

/** Adds pieces after that many events and lets the rest pass. */
export function insertAfterEvents(events: number, added: Iterable<Piece>): Delivery {
  return function* deliver(pieces) {
    let seen = 0;
    if (events === 0) yield* added;
    for (const piece of pieces) {
      yield piece;
      if (piece.type !== "data" || !piece.isEvent) continue;
      seen += 1;
      if (seen === events) yield* added;
    }
  };
}

/** Lets that many bytes of the body pass, then does what `last` says and ends. */
export function afterBytes(bytes: number, last: Iterable<Piece>): Delivery {
  return function* deliver(pieces) {
    let left = bytes;
    for (const piece of pieces) {
      if (left <= 0) break;
      if (piece.type === "data") {
        yield { ...piece, bytes: piece.bytes.subarray(0, left) };
        left -= piece.bytes.byteLength;
      } else yield piece;
    }
    yield* last;
  };
}

/** Adds pieces after the end of the body. */
export function atTheEnd(last: Iterable<Piece>): Delivery {
  return function* deliver(pieces) {
    yield* pieces;
    yield* last;
  };
}

/** Cuts data into pieces of at most that many bytes, with a pause after each. */
export function inSlices(bytes: number, intervalMs: number): Delivery {
  return function* deliver(pieces) {
    for (const piece of pieces) {
      if (piece.type !== "data") {
        yield piece;
        continue;
      }
      for (let at = 0; at < piece.bytes.byteLength; at += bytes) {
        yield {
          type: "data",
          bytes: piece.bytes.subarray(at, at + bytes),
          isEvent: piece.isEvent && at === 0,
        };
        yield { type: "wait", ms: intervalMs };
      }
    }
  };
}

/** Joins the data of that many events into one piece; pauses inside a group are left out. */
export function inGroups(events: number): Delivery {
  return function* deliver(pieces) {
    let group: Uint8Array[] = [];
    const flush = function* (): Generator<Piece> {
      if (group.length > 0) yield { type: "data", bytes: Buffer.concat(group), isEvent: true };
      group = [];
    };
    for (const piece of pieces) {
      if (piece.type === "data") {
        group.push(piece.bytes);
        if (group.length >= events) yield* flush();
      } else if (piece.type !== "wait" || group.length === 0) {
        yield* flush();
        yield piece;
      }
    }
    yield* flush();
  };
}

/** The same bytes for ever, or until that many bytes went out. */
export function* repeated(
  bytes: Uint8Array,
  totalBytes = Number.POSITIVE_INFINITY,
  intervalMs?: number,
): Generator<Piece> {
  for (let sent = 0; sent < totalBytes; sent += bytes.byteLength) {
    yield {
      type: "data",
      bytes: bytes.subarray(0, Math.min(bytes.byteLength, totalBytes - sent)),
      isEvent: true,
    };
    if (intervalMs !== undefined) yield { type: "wait", ms: intervalMs };
  }
}
