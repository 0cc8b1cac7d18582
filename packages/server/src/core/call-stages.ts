/** How the time from a request's arrival to its first attempt was spent, in microseconds. */
export interface CallStages {
  /** From the head of the request until it was known whose it is. */
  readonly authUs: number;
  /** Until the body was there as well. */
  readonly receiveUs: number;
  /** Until it was read what is asked of which model. */
  readonly parseUs: number;
  /** Until the limits had let it in, without the time in a queue. */
  readonly limitsUs: number;
  /** Until it was known where it goes, and its request was written for there. */
  readonly routeUs: number;
}

const bits = 10;
const base = 2 ** bits;
/** The longest stage that is packed. */
export const longestPackedUs = base - 1;

/** Five stages in one number, which is exact in a double; undefined when one of them took longer than a millisecond or so. */
export function packStages({
  authUs,
  receiveUs,
  parseUs,
  limitsUs,
  routeUs,
}: CallStages): number | undefined {
  const longest = authUs | receiveUs | parseUs | limitsUs | routeUs;
  if (longest < 0 || longest > longestPackedUs) return undefined;
  const low = (limitsUs << bits) | routeUs;
  const high = (authUs << (2 * bits)) | (receiveUs << bits) | parseUs;
  return high * base * base + low;
}

/** What `packStages` made. */
export function unpackStages(packed: number): CallStages {
  const low = packed % (base * base);
  const high = Math.floor(packed / (base * base));
  return {
    authUs: Math.floor(high / (base * base)) % base,
    receiveUs: Math.floor(high / base) % base,
    parseUs: high % base,
    limitsUs: Math.floor(low / base),
    routeUs: low % base,
  };
}

const longestUs = 2 ** 31 - 1;

/** Milliseconds of a monotonic clock as whole microseconds from 0 to about 35 minutes. */
export function toMicroseconds(milliseconds: number): number {
  const us = milliseconds * 1_000;
  if (us <= 0) return 0;
  return us < longestUs ? (us + 0.5) | 0 : longestUs;
}
