import { parseAuditLine } from "./audit-line.ts";
import {
  type AuditHead,
  type AuditRecord,
  type ChainHead,
  chainStart,
  type Digest,
  hashOf,
} from "./audit-record.ts";

/** What is wrong with a record, and how a person is told. */
export const chainFaults = {
  unreadable: "It is not a record as the platform writes them.",
  changed: "Its content does not have its hash.",
  missing: "It is not there: another record stands in its place.",
  foreign: "It belongs to the chain of another server.",
  unlinked: "It does not follow on the record before it.",
  truncated: "It is not there: the chain ends before it, and it was there once.",
  replaced: "It is not the record that was noted for its place.",
  differs: "The two sinks hold different records in its place.",
} as const;

export type ChainFault = keyof typeof chainFaults;

/** The first record that is not as it was written. */
export interface BadRecord {
  readonly sequence: number;
  readonly reason: ChainFault;
}

/** Whether the next line of a chain is sound behind the record before it. */
export function checkLink(
  previous: ChainHead,
  line: string,
  digest: Digest,
): { readonly record: AuditRecord } | { readonly bad: BadRecord } {
  const sequence = previous.sequence + 1;
  const bad = (reason: ChainFault) => ({ bad: { sequence, reason } });
  const record = parseAuditLine(line);
  if (record === undefined) return bad("unreadable");
  if (hashOf(record, digest) !== record.hash) return bad("changed");
  if (record.chain !== previous.chain) return bad("foreign");
  if (record.sequence !== sequence) return bad("missing");
  if (record.previousHash !== previous.hash) return bad("unlinked");
  return { record };
}

/** Looks through a whole chain, line by line in the order in which they are kept, up to the first that is not sound. */
export class ChainCheck {
  readonly #digest: Digest;
  readonly #chain: string;
  readonly #places: readonly AuditHead[];
  readonly #hashes = new Map<number, string>();
  #head = chainStart;
  #firstBad: BadRecord | undefined;

  /** @param places that the chain is known to have reached, from elsewhere than the chain itself */
  constructor(chain: string, places: readonly AuditHead[], digest: Digest) {
    this.#chain = chain;
    this.#places = places;
    this.#digest = digest;
  }

  /** The last sound record. */
  get head(): AuditHead {
    return this.#head;
  }

  /** Of the lines so far; no line behind it is looked at. */
  get firstBad(): BadRecord | undefined {
    return this.#firstBad;
  }

  take(line: string): void {
    if (this.#firstBad !== undefined) return;
    const checked = checkLink({ ...this.#head, chain: this.#chain }, line, this.#digest);
    if ("bad" in checked) {
      this.#firstBad = checked.bad;
      return;
    }
    const { sequence, hash } = checked.record;
    this.#head = { sequence, hash };
    if (this.#places.some((place) => place.sequence === sequence)) this.#hashes.set(sequence, hash);
  }

  /** What is wrong when these lines were all, and sound: undefined when one of the places is where it must be. */
  checkPlace(place: AuditHead): BadRecord | undefined {
    const { sequence } = this.#head;
    if (sequence < place.sequence) return { sequence: sequence + 1, reason: "truncated" };
    if (place.sequence > 0 && this.#hashes.get(place.sequence) !== place.hash)
      return { sequence: place.sequence, reason: "replaced" };
    return undefined;
  }
}
