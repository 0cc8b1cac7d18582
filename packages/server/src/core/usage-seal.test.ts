import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sha256 } from "./sample-audit.test-data.ts";
import { judgePiece, parseSeal, type SealedFacts, sealPiece, toSealEntry } from "./usage-seal.ts";

const rowsOf = (count: number): readonly SealedFacts[] =>
  Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    attempt_id: `req_${index}.1`,
    started_at_ms: 1_700_000_000_000 + index,
    principal: "team-a",
    operation: "chat",
    requested_model: "llama",
    integration: "office",
    provider: "vllm",
    upstream_model: "llama-3",
    stream: 1,
    duration_ms: 12,
    first_byte_ms: null,
    outcome: "stop",
    http_status: 200,
    error_code: null,
    input_tokens: 10,
    output_tokens: 5,
    cache_read_tokens: null,
    cache_write_tokens: null,
    reasoning_tokens: null,
    usage_source: "reported",
  }));

function sealOf(rows: readonly SealedFacts[]) {
  const [first, ...rest] = rows;
  if (first === undefined) throw new Error("a piece has a row");
  return sealPiece([first, ...rest], sha256);
}

describe("a sealed piece of the ledger", () => {
  const rows = rowsOf(10);
  const piece = sealOf(rows);
  const place = fc.nat(rows.length - 1);
  const judge = (found: readonly SealedFacts[]) => judgePiece(piece, found, sha256);

  it("is sound as it was, whatever costs stand beside it", () => {
    expect(judge(rows)).toBeUndefined();
    expect(judge(rows.map((row) => ({ ...row, cost_micros: 7, currency: "USD" })))).toBeUndefined();
    expect(piece).toMatchObject({ lastId: 10, rows: 10, earliestMs: 1_700_000_000_000 });
  });

  it("shows a change of any fact of any row", () => {
    const names = Object.keys(rows[0] ?? {});
    const value = fc.oneof(fc.integer(), fc.string(), fc.constant(null));
    fc.assert(
      fc.property(place, fc.constantFrom(...names), value, (index, name, other) => {
        const row = rows[index];
        fc.pre(row !== undefined && new Map<string, unknown>(Object.entries(row)).get(name) !== other);
        const changed = rows.map((each) => (each === row ? { ...each, [name]: other } : each));
        expect(judge(changed)).toBe("rows_changed");
      }),
      { numRuns: 500 },
    );
  });

  it("shows a row that is missing, one that was added, and another order", () => {
    fc.assert(
      fc.property(place, place, (one, other) => {
        expect(judge(rows.toSpliced(one, 1))).toBe("rows_missing");
        expect(judge(rows.toSpliced(one, 0, ...rows.slice(other, other + 1)))).toBe("rows_added");
        const swapped = rows.map((row, index) => {
          const from = index === one ? other : index === other ? one : index;
          return rows[from] ?? row;
        });
        expect(judge(swapped)).toBe(one === other ? undefined : "rows_changed");
      }),
    );
    expect(judge([])).toBe("rows_missing");
  });

  it("reads back from the record that holds it", () => {
    const seal = { firstId: 1, pieces: [piece, sealOf(rows.slice(2))] };
    const entry = toSealEntry(seal, 0);
    expect(parseSeal(entry.after)).toEqual(seal);
    expect(entry.after).toMatchObject({ first_id: 1, last_id: 10, rows: 18 });
    expect(parseSeal({ form: 2, first_id: 1, pieces: [] })).toBeUndefined();
    expect(parseSeal(null)).toBeUndefined();
  });
});
