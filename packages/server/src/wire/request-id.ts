import { randomFillSync } from "node:crypto";

/** Ids that are made at once, so that one call to the system's random source serves them all. */
const batch = 128;
const randomBytesPerId = 16;
const shape = "req_xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
const versionAt = 6;
const variantAt = 8;

const random = Buffer.allocUnsafeSlow(batch * randomBytesPerId);
const texts = Buffer.alloc(batch * shape.length, shape, "latin1");
const hexDigits = Buffer.from("0123456789abcdef", "latin1");
/** Where in an id its hexadecimal digits stand. */
const digitPlaces = [...shape].flatMap((character, at) => (character === "x" ? [at] : []));
const state = { next: batch };

/**
 * A new id for a request: `req_` and a random UUID (RFC 9562 section 5.4).
 * Unlike `crypto.randomUUID`, of which each string is a tree of twenty pieces, this one is in one piece: it is kept
 * until its record is in the ledger, and written four times on the way.
 */
export function newRequestId(): string {
  if (state.next === batch) {
    randomFillSync(random);
    for (let index = 0; index < batch; index++) writeId(index);
    state.next = 0;
  }
  const start = state.next++ * shape.length;
  return texts.toString("latin1", start, start + shape.length);
}

function writeId(index: number): void {
  const from = index * randomBytesPerId;
  random[from + versionAt] = ((random[from + versionAt] ?? 0) & 0x0f) | 0x40;
  random[from + variantAt] = ((random[from + variantAt] ?? 0) & 0x3f) | 0x80;
  const start = index * shape.length;
  for (let digit = 0; digit < digitPlaces.length; digit++) {
    const byte = random[from + (digit >> 1)] ?? 0;
    texts[start + (digitPlaces[digit] ?? 0)] = hexDigits[digit % 2 === 0 ? byte >> 4 : byte & 0x0f] ?? 0;
  }
}
