import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LedgerRecord } from "./ledger-record.ts";
import { sha256 } from "./sample-audit.test-data.ts";
import { SealDrafts } from "./seal-drafts.ts";
import { rowsPerPiece, type SealedFacts, sealPiece } from "./usage-seal.ts";

const name = fc.oneof(fc.constant("llama"), fc.string({ unit: "binary" }), fc.string());
const count = fc.option(fc.nat(), { nil: null });
const milliseconds = fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e9, noNaN: true }));
const shared = fc.record({
  principal: name,
  operation: name,
  requestedModel: name,
  integration: name,
  provider: name,
  upstreamModel: name,
  stream: fc.boolean(),
  outcome: fc.constantFrom("stop" as const, "upstream_error" as const),
  httpStatus: fc.option(fc.integer({ min: 100, max: 599 }), { nil: null }),
  errorCode: fc.option(name, { nil: null }),
  usageSource: fc.constantFrom("reported" as const, "none" as const),
});
const own = fc.record({
  attemptId: name,
  startedAtMs: fc.nat({ max: 4e12 }),
  durationMs: milliseconds,
  firstByteMs: fc.option(milliseconds, { nil: null }),
  inputTokens: count,
  outputTokens: count,
  cacheReadTokens: count,
  cacheWriteTokens: count,
  reasoningTokens: count,
});
const others = {
  requestId: "",
  attempt: 1,
  costMicros: null,
  currency: null,
  priceVersion: null,
  endsCall: true,
  beforeMs: null,
  stages: null,
  headUs: null,
  notes: null,
};
const group = fc
  .tuple(shared, fc.array(own, { minLength: 1, maxLength: 70 }))
  .map(([alike, rows]): LedgerRecord[] => rows.map((row) => ({ ...alike, ...row, ...others })));

/** The row that the ledger has of a record: its columns, with names as a database keeps them. */
function factsOf(record: LedgerRecord, id: number): SealedFacts {
  return {
    id,
    attempt_id: record.attemptId,
    started_at_ms: record.startedAtMs,
    principal: record.principal,
    operation: record.operation,
    requested_model: record.requestedModel,
    integration: record.integration,
    provider: record.provider,
    upstream_model: record.upstreamModel,
    stream: record.stream ? 1 : 0,
    duration_ms: record.durationMs,
    first_byte_ms: record.firstByteMs,
    outcome: record.outcome,
    http_status: record.httpStatus,
    error_code: record.errorCode,
    input_tokens: record.inputTokens,
    output_tokens: record.outputTokens,
    cache_read_tokens: record.cacheReadTokens,
    cache_write_tokens: record.cacheWriteTokens,
    reasoning_tokens: record.reasoningTokens,
    usage_source: record.usageSource,
  };
}

function piecesOf(rows: readonly SealedFacts[]) {
  const pieces = [];
  for (let at = 0; at < rows.length; at += rowsPerPiece) {
    const [first, ...rest] = rows.slice(at, at + rowsPerPiece);
    if (first !== undefined) pieces.push(sealPiece([first, ...rest], sha256));
  }
  return pieces;
}

describe("drafts of a seal", () => {
  it("are the pieces that are made of the rows when they are read again", () => {
    fc.assert(
      fc.property(fc.array(fc.array(group, { minLength: 1, maxLength: 3 }), { maxLength: 4 }), (inserts) => {
        const drafts = new SealDrafts(sha256);
        let id = 1_000;
        const rows: SealedFacts[] = [];
        for (const groups of inserts) {
          drafts.note(id, groups);
          for (const record of groups.flat()) rows.push(factsOf(record, id++));
        }
        expect(drafts.first(1_000)).toEqual(piecesOf(rows));
        expect(drafts.firstId).toBe(rows.length === 0 ? undefined : 1_000);
      }),
      { numRuns: 200 },
    );
  });

  const [record] = fc.sample(group, 1)[0] ?? [];
  if (record === undefined) throw new Error("a group has a record");
  const rows = (many: number) => [Array.from({ length: many }, () => record)];

  it("cover nothing behind a gap, until what is before it was taken", () => {
    const drafts = new SealDrafts(sha256);
    drafts.note(1, rows(60));
    drafts.note(62, rows(10));
    expect(drafts.first(20).map(({ lastId }) => lastId)).toEqual([50, 60]);
    drafts.drop(60);
    expect(drafts.firstId).toBeUndefined();
    drafts.note(80, rows(1));
    expect(drafts.firstId).toBe(80);
    expect(drafts.first(20)).toMatchObject([{ lastId: 80, rows: 1 }]);
  });

  it("go on behind the pieces that were sealed, and can be forgotten", () => {
    const drafts = new SealDrafts(sha256);
    drafts.note(1, rows(130));
    expect(drafts.first(1)).toMatchObject([{ lastId: 50 }]);
    drafts.drop(50);
    expect(drafts.firstId).toBe(51);
    drafts.note(131, rows(20));
    expect(drafts.first(5).map(({ lastId }) => lastId)).toEqual([100, 150]);
    drafts.forget();
    expect(drafts.firstId).toBeUndefined();
    drafts.note(151, rows(2));
    expect(drafts.first(5)).toMatchObject([{ lastId: 152, rows: 2 }]);
  });

  it("are bounded: what comes when too many wait is left to the ledger", () => {
    const drafts = new SealDrafts(sha256);
    let id = 1;
    for (let insert = 0; insert < 1_001; insert++) {
      drafts.note(id, rows(1_000));
      id += 1_000;
    }
    expect(drafts.first(30_000)).toHaveLength(20_000);
  });
});
