import { principalKinds } from "./principal.ts";
import type { Json } from "@llm-platform/kit";

/** How far an operation came: its intent is on record, it is done, it was not allowed, or it went wrong. */
export const auditOutcomes = ["started", "ok", "refused", "failed"] as const;
export const actorKinds = [...principalKinds, "platform"] as const;

/** Who acted; `anonymous` for a caller that is not known, `platform` for the server itself. */
export interface AuditActor {
  readonly id: string;
  readonly name: string;
  readonly kind: (typeof actorKinds)[number];
  /** Id of the user whose key it was; null for a key of nobody, and for a caller without one. */
  readonly userId: string | null;
}

const platformActor: AuditActor = {
  id: "platform",
  name: "platform",
  kind: "platform",
  userId: null,
};

/** What was acted on. A thing that is to be made has no id yet. */
export interface AuditTarget {
  readonly type: string;
  readonly id: string | null;
  readonly name: string | null;
}

/** One fact of an administrative operation, before it has a place in the chain. */
export interface AuditEntry {
  /** Since the epoch. */
  readonly timeMs: number;
  readonly actor: AuditActor;
  /** Where the call came from; null when the platform itself acted. */
  readonly address: string | null;
  readonly requestId: string;
  /** Name of the operation; the records of one call have it and the request's id alike. */
  readonly operation: string;
  readonly target: AuditTarget | null;
  readonly outcome: (typeof auditOutcomes)[number];
  readonly errorCode: string | null;
  /** Without secrets; null where there was nothing, or it is not told. */
  readonly before: Json;
  /** Without secrets: what was asked for in a record of a start, and what came of it in that of the end. */
  readonly after: Json;
}

/** An entry of what the server itself did, or found out. */
export function platformEntry(
  operation: string,
  timeMs: number,
  facts: Pick<AuditEntry, "outcome"> & Partial<Pick<AuditEntry, "target" | "after">>,
): AuditEntry {
  const nothing = { target: null, errorCode: null, before: null, after: null };
  return { ...nothing, ...facts, operation, timeMs, actor: platformActor, address: null, requestId: "" };
}

/** A place in the chain: the record that stands there, by its hash. */
export interface AuditHead {
  /** Counted from 1; 0 before the first. */
  readonly sequence: number;
  /** SHA-256 in lower-case hexadecimal. */
  readonly hash: string;
}

/** The end of a chain. Each server that shares a database with others has a chain of its own. */
export interface ChainHead extends AuditHead {
  /** Empty for the one chain of a server that has its database for itself. */
  readonly chain: string;
}

/** An entry in its place. Its hash covers everything else in it, its chain and the hash of the record before included. */
export interface AuditRecord extends AuditEntry, ChainHead {
  readonly previousHash: string;
}

/** SHA-256 of bytes, or of a text in UTF-8, in lower-case hexadecimal. */
export type Digest = (data: string | Uint8Array) => string;

/** What stands before the first record. */
export const chainStart: AuditHead = { sequence: 0, hash: "0".repeat(64) };

/** The one chain of a server that has its database for itself. */
export const onlyChain = "";

/** Puts an entry behind the last record. */
export function linkEntry(previous: ChainHead, entry: AuditEntry, digest: Digest): AuditRecord {
  const { chain, sequence, hash: previousHash } = previous;
  const unsigned = { ...entry, chain, sequence: sequence + 1, previousHash };
  return { ...unsigned, hash: digest(formatContent(unsigned)) };
}

/** The hash that a record must have by what is in it. */
export function hashOf(record: AuditRecord, digest: Digest): string {
  return digest(formatContent(record));
}

/** The record as its one line of JSON, without the line's end. There is no other way to write the same record. */
export function formatAuditLine(record: AuditRecord): string {
  return `${formatContent(record).slice(0, -1)},"hash":${JSON.stringify(record.hash)}}`;
}

/** JSON with the members of every object in the order of their names, and no space. */
export function formatCanonical(value: Json): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (isList(value)) return `[${value.map(formatCanonical).join(",")}]`;
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${formatCanonical(member)}`);
  return `{${members.join(",")}}`;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** What the hash is of. */
function formatContent(record: Omit<AuditRecord, "hash">): string {
  const members: readonly (readonly [name: string, value: Json])[] = [
    // Records from before there were several have no such member, and keep their hashes.
    ...(record.chain === onlyChain ? [] : [["chain", record.chain] as const]),
    ["sequence", record.sequence],
    ["time", new Date(record.timeMs).toISOString()],
    ["actor", toActorJson(record.actor)],
    ["address", record.address],
    ["request_id", record.requestId],
    ["operation", record.operation],
    ["target", record.target === null ? null : { ...record.target }],
    ["outcome", record.outcome],
    ["error_code", record.errorCode],
    ["before", record.before],
    ["after", record.after],
    ["previous_hash", record.previousHash],
  ];
  return `{${members.map(([name, value]) => `"${name}":${formatCanonical(value)}`).join(",")}}`;
}

function toActorJson({ id, name, kind, userId }: AuditActor): Json {
  return { id, name, kind, user: userId };
}
