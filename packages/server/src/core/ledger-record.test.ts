import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BudgetCharge } from "./budgets.ts";
import {
  interruptedRecord,
  type LedgerRecord,
  parseSpoolLine,
  type RecordStart,
  writeRecord,
  writeStartMarker,
} from "./ledger-record.ts";
import { LineWriter } from "./line-writer.ts";
import { isRecordedEnd, recordedEnds, streamEnds } from "./stream-ends.ts";

const count = fc.option(fc.nat(), { nil: null });
const text = fc.string({ unit: "binary" });
// Ids are made by the platform: letters, digits, and few signs.
const id = fc.stringMatching(/^[A-Za-z0-9._-]{1,60}$/);

const starts: fc.Arbitrary<RecordStart> = fc
  .record({
    requestId: id,
    attempt: fc.integer({ min: 1, max: 20 }),
    startedAtMs: fc.nat(2 ** 45),
    principal: text,
    operation: text,
    requestedModel: text,
    integration: text,
    provider: text,
    upstreamModel: text,
    stream: fc.boolean(),
  })
  .map((start) => ({ ...start, attemptId: `${start.requestId}.${start.attempt}` }));

const records: fc.Arbitrary<LedgerRecord> = fc
  .tuple(
    starts,
    fc.record({
      durationMs: fc.nat(),
      firstByteMs: count,
      outcome: fc.constantFrom(...recordedEnds),
      httpStatus: count,
      errorCode: fc.option(text, { nil: null }),
      inputTokens: count,
      outputTokens: count,
      cacheReadTokens: count,
      cacheWriteTokens: count,
      reasoningTokens: count,
      usageSource: fc.constantFrom("reported", "estimated", "none"),
      costMicros: fc.option(fc.nat(Number.MAX_SAFE_INTEGER), { nil: null }),
      currency: fc.option(text, { nil: null }),
      priceVersion: fc.option(text, { nil: null }),
      endsCall: fc.boolean(),
      beforeMs: count,
      stages: fc.option(fc.nat(2 ** 50), { nil: null }),
      headUs: count,
      notes: fc.option(text, { nil: null }),
    }),
  )
  .map(([start, rest]) => ({ ...start, ...rest }));

const charge: fc.Arbitrary<BudgetCharge> = fc.record({
  budgetId: id,
  periodStartMs: fc.nat(2 ** 45),
  micros: fc.nat(Number.MAX_SAFE_INTEGER),
  isAssumed: fc.boolean(),
});
const charged: fc.Arbitrary<LedgerRecord> = fc
  .tuple(records, fc.array(charge, { minLength: 1, maxLength: 4 }))
  .map(([record, charges]) => ({ ...record, charges }));

/** A line as it was written by older versions: as many values, and what a budget was charged behind them. */
function asOldLine(line: string, length: number, ...charges: readonly unknown[]): string {
  const [, ...values]: unknown[] = JSON.parse(line);
  return `${JSON.stringify(["e1", ...values.slice(0, length - 1), ...charges])}\n`;
}

/** What such a line does not tell. */
const untold = { endsCall: true, beforeMs: null, stages: null, headUs: null, notes: null };

function formatRecord(record: LedgerRecord): string {
  const lines = new LineWriter();
  writeRecord(lines, record);
  return lines.written.toString();
}

function formatStartMarker(start: RecordStart): string {
  const lines = new LineWriter();
  writeStartMarker(lines, start);
  return lines.written.toString();
}

describe("a spool line", () => {
  it("reads lines from before records named their price, and from before they told how time was spent", () => {
    fc.assert(
      fc.property(records, (record) => {
        const line = formatRecord(record);
        const unpriced = { ...record, ...untold, priceVersion: null };
        expect(parseSpoolLine(asOldLine(line, 23))).toEqual({ type: "end", record: unpriced });
        const old = { ...record, ...untold };
        expect(parseSpoolLine(asOldLine(line, 24))).toEqual({ type: "end", record: old });
        const charges = [{ budgetId: "b", periodStartMs: 1, micros: 2, isAssumed: true }];
        expect(parseSpoolLine(asOldLine(line, 24, [["b", 1, 2, true]]))).toEqual({
          type: "end",
          record: { ...old, charges },
        });
      }),
    );
  });

  it("reads back as what was written, whatever the names hold", () => {
    fc.assert(
      fc.property(records, (record) => {
        expect(parseSpoolLine(formatRecord(record))).toEqual({ type: "end", record });
        expect(parseSpoolLine(formatStartMarker(record))).toMatchObject({
          type: "start",
          start: { attemptId: record.attemptId, principal: record.principal },
        });
      }),
    );
  });

  it("reads back what it counts for budgets, and is not read when that is something else", () => {
    fc.assert(
      fc.property(charged, (record) => {
        const line = formatRecord(record);
        expect(parseSpoolLine(line)).toEqual({ type: "end", record });
        const values: unknown[] = JSON.parse(line);
        for (const odd of [null, {}, [1], [["id", 0, 1]], [["id", 0, 1, 1]], [["id", "0", 1, true]]])
          expect(parseSpoolLine(JSON.stringify(values.with(-1, odd)))).toBeUndefined();
      }),
    );
  });

  it("of an attempt that counts for no budget is as it always was", () => {
    fc.assert(
      fc.property(records, (record) => {
        const without = { ...record, charges: undefined };
        expect(JSON.parse(formatRecord(without))).toHaveLength(29);
      }),
    );
  });

  it("is one line", () => {
    fc.assert(
      fc.property(records, (record) => {
        for (const line of [formatRecord(record), formatStartMarker(record)]) {
          expect(line.indexOf("\n")).toBe(line.length - 1);
        }
      }),
    );
  });

  it("is not read when any part of its end is missing", () => {
    fc.assert(
      fc.property(records, fc.double({ min: 0, max: 0.999, noNaN: true }), (record, share) => {
        const line = formatRecord(record).trimEnd();
        expect(parseSpoolLine(line.slice(0, Math.floor(line.length * share)))).toBeUndefined();
      }),
    );
  });

  it("is not read when it is something else", () => {
    fc.assert(fc.property(fc.json(), (line) => parseSpoolLine(line) === undefined));
    const [line = ""] = fc.sample(records, 1).map(formatRecord);
    const values: unknown[] = JSON.parse(line);
    // Every value but the last of each kind of null is of a fixed type, so an object never fits.
    for (const index of values.keys())
      expect(parseSpoolLine(JSON.stringify(values.with(index, {})))).toBeUndefined();
  });

  it("of an attempt that was cut off claims no usage and no cost", () => {
    const [start] = fc.sample(starts, 1);
    if (start === undefined) throw new Error("no sample");
    expect(interruptedRecord(start)).toMatchObject({
      ...start,
      outcome: "interrupted",
      inputTokens: null,
      costMicros: null,
      usageSource: "none",
    });
  });
});

describe("stream ends", () => {
  it("know `interrupted` from a restart only", () => {
    expect(recordedEnds).toContain("interrupted");
    expect(streamEnds).not.toContain("interrupted");
    expect([...recordedEnds, "done", null, 1].filter(isRecordedEnd)).toEqual([...recordedEnds]);
  });
});
