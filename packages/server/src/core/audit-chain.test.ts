import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAuditLine } from "./audit-line.ts";
import { chainStart, formatAuditLine, linkEntry, onlyChain } from "./audit-record.ts";
import { sampleChain, sampleEntry, sha256, verifyChain } from "./sample-audit.test-data.ts";

const length = 6;
const chain = sampleChain(length);
const lines = chain.map(formatAuditLine);
const last = chain.at(-1) ?? chainStart;
const start = { ...chainStart, chain: onlyChain };
const place = fc.nat(length - 1);

function firstBad(changed: readonly string[]) {
  return verifyChain(changed, last).firstBad;
}

describe("a line", () => {
  it("reads back as what was written, whatever it says", () => {
    const entry = fc.record({
      id: fc.constantFrom(onlyChain, "5f1c"),
      name: fc.string({ unit: "binary", maxLength: 20 }),
      before: fc.jsonValue({ maxDepth: 3 }),
      after: fc.jsonValue({ maxDepth: 3 }),
    });
    fc.assert(
      fc.property(entry, ({ id, name, before, after }) => {
        const values: unknown[] = [before, after];
        const [one, other] = values.map((value) => JSON.parse(JSON.stringify(value)));
        const actor = { id: "a", name, kind: "local" as const, userId: null };
        const record = linkEntry(
          { ...chainStart, chain: id },
          sampleEntry({ actor, before: one, after: other }),
          sha256,
        );
        const line = formatAuditLine(record);
        expect(line).not.toContain("\n");
        expect(parseAuditLine(line)).toEqual(record);
      }),
    );
  });
});

describe("a chain", () => {
  it("is sound as it was written, and may have grown since its head was noted", () => {
    expect(verifyChain(lines, last)).toEqual({
      head: { sequence: length, hash: last.hash },
      firstBad: undefined,
    });
    expect(verifyChain(lines, chain[2] ?? chainStart).firstBad).toBeUndefined();
    expect(verifyChain([], chainStart).firstBad).toBeUndefined();
  });

  it("names the record of which any character was changed", () => {
    fc.assert(
      fc.property(place, fc.nat(), fc.integer({ min: 1, max: 127 }), (index, at, flip) => {
        const line = lines[index] ?? "";
        const from = at % line.length;
        const flipped = String.fromCharCode(line.charCodeAt(from) ^ flip);
        const changed = lines.with(index, line.slice(0, from) + flipped + line.slice(from + 1));
        expect(firstBad(changed)?.sequence).toBe(index + 1);
      }),
      { numRuns: 500 },
    );
  });

  it("names the record that was taken out, also the last ones", () => {
    fc.assert(
      fc.property(place, place, (from, count) => {
        const changed = lines.toSpliced(from, count + 1);
        expect(firstBad(changed)?.sequence).toBe(from + 1);
      }),
    );
    expect(firstBad(lines.slice(0, 4))).toEqual({ sequence: 5, reason: "truncated" });
    expect(firstBad([])).toEqual({ sequence: 1, reason: "truncated" });
  });

  it("names the first place at which the order is not as it was", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...lines.keys()], { minLength: length }), (order) => {
        const changed = order.map((index) => lines[index] ?? "");
        const moved = order.findIndex((index, at) => index !== at);
        expect(firstBad(changed)?.sequence).toBe(moved < 0 ? undefined : moved + 1);
      }),
    );
  });

  it("names a record that stands there twice, or that somebody put in", () => {
    fc.assert(
      fc.property(place, (index) => {
        const line = lines[index] ?? "";
        expect(firstBad(lines.toSpliced(index + 1, 0, line))?.sequence).toBe(index + 2);
      }),
    );
    const forged = formatAuditLine(linkEntry(chain[1] ?? start, sampleEntry(), sha256));
    expect(firstBad(lines.with(2, forged))).toEqual({ sequence: 4, reason: "unlinked" });
  });

  it("that was written anew from some record on does not have the head that was noted", () => {
    const kept = chain[1] ?? start;
    const anew: string[] = lines.slice(0, 2);
    let head = kept;
    for (let index = 2; index < length; index++) {
      const record = linkEntry(head, sampleEntry({ operation: "users.delete" }), sha256);
      anew.push(formatAuditLine(record));
      head = record;
    }
    expect(firstBad(anew)).toEqual({ sequence: length, reason: "replaced" });
  });

  it("names a record that was moved into it from another, hash and all", () => {
    const other = sampleChain(length, chainStart, "5f1c").map(formatAuditLine);
    expect(other[3]).toContain('"chain":"5f1c"');
    expect(lines[3]).not.toContain("chain");
    expect(firstBad(lines.with(3, other[3] ?? ""))).toEqual({ sequence: 4, reason: "foreign" });
    const claimed = (other[3] ?? "").replace('"chain":"5f1c",', "");
    expect(firstBad(lines.with(3, claimed))).toEqual({ sequence: 4, reason: "changed" });
  });

  it("tells what is wrong", () => {
    const reason = (changed: readonly string[]) => firstBad(changed)?.reason;
    expect(reason(lines.with(3, (lines[3] ?? "").replace("viewer", "viewed")))).toBe("changed");
    expect(reason(lines.with(3, "{}"))).toBe("unreadable");
    expect(reason(lines.with(3, ` ${lines[3] ?? ""}`))).toBe("unreadable");
    expect(reason(lines.toSpliced(3, 1))).toBe("missing");
  });
});
