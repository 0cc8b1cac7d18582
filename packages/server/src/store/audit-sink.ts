import type { AuditHead, AuditRecord } from "../core/audit-record.ts";

export const auditSinkNames = ["database", "file"] as const;

export type AuditSinkName = (typeof auditSinkNames)[number];

/** What can be looked at of a sink, also when no server runs. Everything rejects with what the medium throws. */
export interface AuditReader {
  readonly name: AuditSinkName;
  /** Lines as they are kept, those behind a sequence number, in order. What cannot be read as one is an empty text. */
  lines(afterSequence: number): AsyncIterable<string>;
  /** How far the other sink had come when that was last noted here. */
  readNote(): Promise<AuditHead>;
}

/** One of the places where the audit log is kept. Its methods are called one after another. */
export interface AuditSink extends AuditReader {
  /** Makes it ready, also after a failure, and finds out how far it is. Rejects when its end is damaged. */
  open(): Promise<AuditHead>;
  /**
   * Adds records behind the last. When it resolves, a loss of power takes none of them; when it rejects, some may be
   * there, and `open` must come next.
   */
  append(records: readonly AuditRecord[]): Promise<void>;
  /** Notes how far the other sink is. Losing a note to a loss of power is no harm. */
  writeNote(head: AuditHead): Promise<void>;
  close(): Promise<void>;
}
