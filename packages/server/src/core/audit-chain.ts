import { parseAuditLine } from "./audit-line.ts";
import { type AuditHead, type AuditRecord, chainStart, type Digest, hashOf } from "./audit-record.ts";

/** What is wrong with a record, and how a person is told. */
export const chainFaults = {
  unreadable: "It is not a record as the platform writes them.",
  changed: "Its content does not have its hash.",
  missing: "It is not there: another record stands in its place.",
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

export interface ChainVerdict {
  /** Sound ones, up to the first that is not. */
  readonly records: number;
  /** The last sound one. */
  readonly head: AuditHead;
  readonly firstBad: BadRecord | undefined;
}

/** Whether the next line of a chain is sound behind the record before it. */
export function checkLink(
  previous: AuditHead,
  line: string,
  digest: Digest,
): { readonly record: AuditRecord } | { readonly bad: BadRecord } {
  const sequence = previous.sequence + 1;
  const bad = (reason: ChainFault) => ({ bad: { sequence, reason } });
  const record = parseAuditLine(line);
  if (record === undefined) return bad("unreadable");
  if (hashOf(record, digest) !== record.hash) return bad("changed");
  if (record.sequence !== sequence) return bad("missing");
  if (record.previousHash !== previous.hash) return bad("unlinked");
  return { record };
}

/** What speaks against a sound chain that it must reach a place: undefined when nothing does. */
export function checkReach(
  head: AuditHead,
  expected: AuditHead,
  hashAtExpected: string | undefined,
): BadRecord | undefined {
  if (head.sequence < expected.sequence) return { sequence: head.sequence + 1, reason: "truncated" };
  if (expected.sequence > 0 && hashAtExpected !== expected.hash)
    return { sequence: expected.sequence, reason: "replaced" };
  return undefined;
}

/**
 * Looks through a whole chain from its first record on.
 * @param lines in the order in which they are kept
 * @param expected a place that the chain is known to have reached, from elsewhere than the chain itself
 */
export function verifyChain(lines: Iterable<string>, expected: AuditHead, digest: Digest): ChainVerdict {
  let head = chainStart;
  let hashAtExpected: string | undefined;
  for (const line of lines) {
    const checked = checkLink(head, line, digest);
    if ("bad" in checked) return { records: head.sequence, head, firstBad: checked.bad };
    head = { sequence: checked.record.sequence, hash: checked.record.hash };
    if (head.sequence === expected.sequence) hashAtExpected = head.hash;
  }
  return { records: head.sequence, head, firstBad: checkReach(head, expected, hashAtExpected) };
}
