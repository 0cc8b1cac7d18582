import { hash } from "node:crypto";
import { type BadRecord, ChainCheck } from "./audit-chain.ts";
import {
  type AuditEntry,
  type AuditHead,
  type AuditRecord,
  chainStart,
  linkEntry,
  onlyChain,
} from "./audit-record.ts";

export const sha256 = (text: string | Uint8Array): string => hash("sha256", text);

/** An entry that says something of every kind. */
export function sampleEntry(more: Partial<AuditEntry> = {}): AuditEntry {
  return {
    timeMs: 1_700_000_000_000,
    actor: { id: "key_1", name: "ada", kind: "api_key", userId: "user_1" },
    address: "192.0.2.7",
    requestId: "req_1",
    operation: "users.update",
    target: { type: "user", id: "user_2", name: "bob" },
    outcome: "ok",
    errorCode: null,
    before: { role: "admin", is_active: true, tags: ["ä", "\u{1f600}", '"\\\n'] },
    after: { role: "viewer", is_active: true, tags: [] },
    ...more,
  };
}

/** A sound chain of that many records behind a place. */
export function sampleChain(
  count: number,
  from: AuditHead = chainStart,
  chain: string = onlyChain,
): readonly AuditRecord[] {
  const records: AuditRecord[] = [];
  let head = { ...from, chain };
  for (let index = 0; index < count; index++) {
    const record = linkEntry(head, sampleEntry({ requestId: `req_${from.sequence + index}` }), sha256);
    records.push(record);
    head = record;
  }
  return records;
}

/** What a look through all lines of a chain comes to. */
export function verifyChain(
  lines: readonly string[],
  expected: AuditHead,
): { readonly head: AuditHead; readonly firstBad: BadRecord | undefined } {
  const check = new ChainCheck(onlyChain, [expected], sha256);
  for (const line of lines) check.take(line);
  return { head: check.head, firstBad: check.firstBad ?? check.checkPlace(expected) };
}
