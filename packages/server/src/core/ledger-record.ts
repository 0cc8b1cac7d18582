import type { BudgetCharge } from "./budgets.ts";
import type { LineWriter } from "./line-writer.ts";
import type { Enrolled } from "./roster.ts";
import { isRecordedEnd, type RecordedEnd } from "./stream-ends.ts";

/** Who counted the tokens: the upstream, we, or nobody. */
export type UsageSource = "reported" | "estimated" | "none";

/** What is known of an attempt when it begins. */
export interface RecordStart {
  /** `requestId.attempt`; the ledger holds it once. */
  readonly attemptId: string;
  readonly requestId: string;
  /** Counted from 1 within the request. */
  readonly attempt: number;
  /** Since the epoch. */
  readonly startedAtMs: number;
  readonly principal: string;
  readonly operation: string;
  /** The name that the client asked for. */
  readonly requestedModel: string;
  readonly integration: string;
  readonly provider: string;
  readonly upstreamModel: string;
  readonly stream: boolean;
}

/** An attempt from its beginning to its record. */
export interface OpenAttempt extends Enrolled {
  readonly start: RecordStart;
}

/** What one attempt came to: one row of the usage ledger. */
export interface LedgerRecord extends RecordStart {
  readonly durationMs: number;
  /** From the start to the first content; null when none came. */
  readonly firstByteMs: number | null;
  readonly outcome: RecordedEnd;
  /** Of the upstream; null when it gave none. */
  readonly httpStatus: number | null;
  readonly errorCode: string | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  /** Part of `inputTokens`. */
  readonly cacheReadTokens: number | null;
  /** Part of `inputTokens`. */
  readonly cacheWriteTokens: number | null;
  /** Part of `outputTokens`. */
  readonly reasoningTokens: number | null;
  readonly usageSource: UsageSource;
  /** Millionths of `currency`; null when the price is not known. */
  readonly costMicros: number | null;
  /** ISO 4217; null when `costMicros` is. */
  readonly currency: string | null;
  /** Name of the price that the cost was reckoned with; null without one, and for records from before there were names. */
  readonly priceVersion: string | null;
  /** Whether the call ended with it; not so when another attempt followed, or the client was told an error instead. */
  readonly endsCall: boolean;
  /** From the arrival of the call to the start of this attempt, in milliseconds; null for none worth telling. */
  readonly beforeMs: number | null;
  /** How that time was spent, as `packStages` has it; null for further attempts, and where nothing was measured. */
  readonly stages: number | null;
  /** From the start to the head of the upstream's answer, in microseconds; null when none came. */
  readonly headUs: number | null;
  /** What else explains it, as `formatNotes` has it; null for nothing. */
  readonly notes: string | null;
  /** What it counts for budgets; absent when for none. The ledger does not keep it. */
  readonly charges?: readonly BudgetCharge[] | undefined;
}

/** A line of a spool file, read back. */
export type SpoolLine =
  | { readonly type: "start"; readonly start: RecordStart }
  | { readonly type: "end"; readonly record: LedgerRecord };

// A line is a JSON array: the first element is its kind and version, the rest are values in a fixed order.
const startTag = "s1";
const endTag = "e2";
const startLength = 10;
const endLength = 29;
/** Of attempts that count for budgets, which stand at the end of no other line. */
const chargedEndLength = 30;

/** Of lines from before records told how the time was spent. */
const oldEndTag = "e1";
const oldEndLength = 24;
/** From before records named their price, which is what they lack at the end. */
const oldestEndLength = 23;
const oldChargedEndLength = 25;

/** Writes the line, with its newline, that says an attempt has begun. Reads back as `parseSpoolLine` says. */
export function writeStartMarker(lines: LineWriter, start: RecordStart): void {
  lines.text(`["${startTag}",`);
  writeStart(lines, start);
  lines.text("]\n");
}

/** Writes the line, with its newline, that holds a finished attempt. */
export function writeRecord(lines: LineWriter, record: LedgerRecord): void {
  lines.text(`["${endTag}",`);
  writeStart(lines, record);
  writeNumber(lines, record.durationMs);
  writeNumber(lines, record.firstByteMs);
  lines.append(formatEnd(record));
  writeNumber(lines, record.inputTokens);
  writeNumber(lines, record.outputTokens);
  writeNumber(lines, record.cacheReadTokens);
  writeNumber(lines, record.cacheWriteTokens);
  writeNumber(lines, record.reasoningTokens);
  writeName(lines, record.usageSource);
  writeNumber(lines, record.costMicros);
  writeName(lines, record.currency);
  writeName(lines, record.priceVersion);
  lines.text(record.endsCall ? ",true" : ",false");
  writeNumber(lines, record.beforeMs);
  writeNumber(lines, record.stages);
  writeNumber(lines, record.headUs);
  writeName(lines, record.notes);
  if (record.charges !== undefined) writeCharges(lines, record.charges);
  lines.text("]\n");
}

function writeCharges(lines: LineWriter, charges: readonly BudgetCharge[]): void {
  let before = ",[[";
  for (const { budgetId, periodStartMs, micros, isAssumed } of charges) {
    lines.text(before);
    lines.quoted(budgetId);
    writeNumber(lines, periodStartMs);
    writeNumber(lines, micros);
    lines.text(isAssumed ? ",true]" : ",false]");
    before = ",[";
  }
  lines.text("]");
}

function writeStart(lines: LineWriter, start: RecordStart): void {
  lines.quoted(start.attemptId);
  writeNumber(lines, start.startedAtMs);
  lines.append(formatNames(start));
  lines.text(start.stream ? ",true" : ",false");
}

function writeNumber(lines: LineWriter, number: number | null): void {
  if (number === null) {
    lines.text(",null");
    return;
  }
  lines.text(",");
  lines.number(number);
}

function writeName(lines: LineWriter, name: string | null): void {
  if (name === null) {
    lines.text(",null");
    return;
  }
  lines.text(",");
  lines.quoted(name);
}

const lastNames: { of: RecordStart | undefined; text: Buffer } = { of: undefined, text: Buffer.alloc(0) };

/** Who called what, and where it went, with a comma before each. Most records say the same as the one before. */
function formatNames(start: RecordStart): Buffer {
  const last = lastNames.of;
  if (last !== undefined && isAlike(last, start)) return lastNames.text;
  const { principal, operation, requestedModel, integration, provider, upstreamModel } = start;
  const names = [principal, operation, requestedModel, integration, provider, upstreamModel];
  lastNames.text = Buffer.from(names.map((name) => `,${JSON.stringify(name)}`).join(""));
  lastNames.of = start;
  return lastNames.text;
}

function isAlike(a: RecordStart, b: RecordStart): boolean {
  return (
    a.principal === b.principal &&
    a.operation === b.operation &&
    a.requestedModel === b.requestedModel &&
    a.integration === b.integration &&
    a.provider === b.provider &&
    a.upstreamModel === b.upstreamModel
  );
}

const lastEnd: { of: LedgerRecord | undefined; text: Buffer } = { of: undefined, text: Buffer.alloc(0) };

/** How an attempt ended, with a comma before each value. Most end like the one before. */
function formatEnd(record: LedgerRecord): Buffer {
  const { outcome, httpStatus, errorCode } = record;
  const last = lastEnd.of;
  if (last?.outcome === outcome && last.httpStatus === httpStatus && last.errorCode === errorCode)
    return lastEnd.text;
  const values = [outcome, httpStatus, errorCode];
  lastEnd.text = Buffer.from(values.map((value) => `,${JSON.stringify(value)}`).join(""));
  lastEnd.of = record;
  return lastEnd.text;
}

/** Reads a line of a spool file back. Undefined when it is torn or not one of ours. */
export function parseSpoolLine(line: string): SpoolLine | undefined {
  const values = parseArray(line);
  if (values === undefined) return undefined;
  const start = toStart(values);
  if (start === undefined) return undefined;
  if (values[0] === startTag) return values.length === startLength ? { type: "start", start } : undefined;
  const form = formOf(values);
  if (form === undefined) return undefined;
  const record = toRecord(start, form.isOld ? withMissing(values) : values);
  if (record === undefined) return undefined;
  if (!form.isCharged) return { type: "end", record };
  const charges = toCharges(values.at(-1));
  return charges === undefined ? undefined : { type: "end", record: { ...record, charges } };
}

/** Which of the forms a line of a record has; undefined for none. */
function formOf(
  values: readonly unknown[],
): { readonly isOld: boolean; readonly isCharged: boolean } | undefined {
  const [tag] = values;
  const { length } = values;
  if (tag === endTag && (length === endLength || length === chargedEndLength))
    return { isOld: false, isCharged: length === chargedEndLength };
  const isOld = length === oldestEndLength || length === oldEndLength || length === oldChargedEndLength;
  return tag === oldEndTag && isOld ? { isOld, isCharged: length === oldChargedEndLength } : undefined;
}

/** What older lines lack: nothing was measured, and which attempt was the last of its call is not known. */
const unexplained = [true, null, null, null, null];

function withMissing(values: readonly unknown[]): readonly unknown[] {
  const priceVersion = values.length === oldestEndLength ? null : values[oldEndLength - 1];
  return [...values.slice(0, oldestEndLength), priceVersion, ...unexplained];
}

/** The record of an attempt that a killed server left open. How long it ran is not known. */
export function interruptedRecord(start: RecordStart): LedgerRecord {
  return {
    ...start,
    durationMs: 0,
    firstByteMs: null,
    outcome: "interrupted",
    httpStatus: null,
    errorCode: null,
    inputTokens: null,
    outputTokens: null,
    cacheReadTokens: null,
    cacheWriteTokens: null,
    reasoningTokens: null,
    usageSource: "none",
    costMicros: null,
    currency: null,
    priceVersion: null,
    endsCall: true,
    beforeMs: null,
    stages: null,
    headUs: null,
    notes: null,
  };
}

function parseArray(line: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return Array.isArray(value) ? value : undefined;
  } catch {
    // A torn line is expected after a kill; the caller counts it.
    return undefined;
  }
}

function toStart(values: readonly unknown[]): RecordStart | undefined {
  const [
    ,
    attemptId,
    startedAtMs,
    principal,
    operation,
    requestedModel,
    integration,
    provider,
    upstreamModel,
    stream,
  ] = values;
  if (typeof attemptId !== "string" || typeof startedAtMs !== "number" || typeof stream !== "boolean")
    return undefined;
  if (typeof principal !== "string" || typeof operation !== "string" || typeof requestedModel !== "string")
    return undefined;
  if (typeof integration !== "string" || typeof provider !== "string" || typeof upstreamModel !== "string")
    return undefined;
  const dot = attemptId.lastIndexOf(".");
  const attempt = Number(attemptId.slice(dot + 1));
  if (dot < 1 || !Number.isSafeInteger(attempt) || attempt < 1) return undefined;
  return {
    attemptId,
    requestId: attemptId.slice(0, dot),
    attempt,
    startedAtMs,
    principal,
    operation,
    requestedModel,
    integration,
    provider,
    upstreamModel,
    stream,
  };
}

function toRecord(start: RecordStart, values: readonly unknown[]): LedgerRecord | undefined {
  const [durationMs, firstByteMs, outcome, httpStatus, errorCode] = values.slice(
    startLength,
    startLength + 5,
  );
  const [
    inputTokens,
    outputTokens,
    cacheReadTokens,
    cacheWriteTokens,
    reasoningTokens,
    usageSource,
    costMicros,
    currency,
    priceVersion,
    endsCall,
    beforeMs,
    stages,
    headUs,
    notes,
  ] = values.slice(startLength + 5);
  if (typeof durationMs !== "number" || !isRecordedEnd(outcome) || !isUsageSource(usageSource))
    return undefined;
  if (!isNumberOrNull(firstByteMs) || !isNumberOrNull(httpStatus) || !isTextOrNull(errorCode))
    return undefined;
  if (!isNumberOrNull(inputTokens) || !isNumberOrNull(outputTokens) || !isNumberOrNull(reasoningTokens))
    return undefined;
  if (!isNumberOrNull(cacheReadTokens) || !isNumberOrNull(cacheWriteTokens)) return undefined;
  if (!isNumberOrNull(costMicros) || !isTextOrNull(currency) || !isTextOrNull(priceVersion)) return undefined;
  if (typeof endsCall !== "boolean" || !isNumberOrNull(beforeMs) || !isNumberOrNull(stages)) return undefined;
  if (!isNumberOrNull(headUs) || !isTextOrNull(notes)) return undefined;
  return {
    ...start,
    durationMs,
    firstByteMs,
    outcome,
    httpStatus,
    errorCode,
    inputTokens,
    outputTokens,
    cacheReadTokens,
    cacheWriteTokens,
    reasoningTokens,
    usageSource,
    costMicros,
    currency,
    priceVersion,
    endsCall,
    beforeMs,
    stages,
    headUs,
    notes,
  };
}

function toCharges(value: unknown): readonly BudgetCharge[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const charges = value.map(toCharge);
  return charges.every((charge) => charge !== undefined) ? charges : undefined;
}

function toCharge(value: unknown): BudgetCharge | undefined {
  if (!Array.isArray(value)) return undefined;
  const [budgetId, periodStartMs, micros, isAssumed]: readonly unknown[] = value;
  if (typeof budgetId !== "string" || typeof isAssumed !== "boolean") return undefined;
  if (typeof periodStartMs !== "number" || typeof micros !== "number") return undefined;
  return { budgetId, periodStartMs, micros, isAssumed };
}

function isNumberOrNull(value: unknown): value is number | null {
  return value === null || typeof value === "number";
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}

export function isUsageSource(value: unknown): value is UsageSource {
  return value === "reported" || value === "estimated" || value === "none";
}
