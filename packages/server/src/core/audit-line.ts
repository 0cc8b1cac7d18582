import type { Json } from "@llm-platform/kit";
import {
  actorKinds,
  type AuditActor,
  auditOutcomes,
  type AuditRecord,
  type AuditTarget,
  formatAuditLine,
  onlyChain,
} from "./audit-record.ts";

/** Reads a line back. Undefined for one that `formatAuditLine` would not have written, to the byte. */
export function parseAuditLine(line: string): AuditRecord | undefined {
  const record = toRecord(parseObject(line));
  return record !== undefined && formatAuditLine(record) === line ? record : undefined;
}

type Members = Readonly<Record<string, unknown>>;

function parseObject(line: string): Members {
  try {
    return toMembers(JSON.parse(line));
  } catch {
    // What is no JSON is no record either; the caller says which one is missing.
    return {};
  }
}

function toMembers(value: unknown): Members {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function toRecord(members: Members): AuditRecord | undefined {
  const { sequence, hash, previous_hash, address, request_id, operation, error_code } = members;
  const { chain = onlyChain } = members;
  const timeMs = toTimeMs(members["time"]);
  const actor = toActor(toMembers(members["actor"]));
  const target = toTarget(members["target"]);
  const outcome = auditOutcomes.find((each) => each === members["outcome"]);
  if (typeof sequence !== "number" || !Number.isSafeInteger(sequence) || timeMs === undefined)
    return undefined;
  if (actor === undefined || target === undefined || outcome === undefined) return undefined;
  if (typeof chain !== "string") return undefined;
  if (typeof hash !== "string" || typeof previous_hash !== "string") return undefined;
  if (typeof operation !== "string" || typeof request_id !== "string") return undefined;
  if (!isTextOrNull(address) || !isTextOrNull(error_code)) return undefined;
  return {
    chain,
    sequence,
    hash,
    previousHash: previous_hash,
    timeMs,
    actor,
    address,
    requestId: request_id,
    operation,
    target,
    outcome,
    errorCode: error_code,
    before: toJson(members["before"]),
    after: toJson(members["after"]),
  };
}

function toTimeMs(time: unknown): number | undefined {
  const timeMs = typeof time === "string" ? Date.parse(time) : Number.NaN;
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

function toActor({ id, name, kind, user }: Members): AuditActor | undefined {
  const known = actorKinds.find((each) => each === kind);
  if (typeof id !== "string" || typeof name !== "string" || known === undefined || !isTextOrNull(user))
    return undefined;
  return { id, name, kind: known, userId: user };
}

function toTarget(value: unknown): AuditTarget | null | undefined {
  if (value === null) return null;
  const { type, id, name } = toMembers(value);
  if (typeof type !== "string" || !isTextOrNull(id) || !isTextOrNull(name)) return undefined;
  return { type, id, name };
}

function toJson(value: unknown): Json {
  // It came out of JSON.parse. A member that was absent makes a line that is not the same again.
  return (value ?? null) as Json;
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}
