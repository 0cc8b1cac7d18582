import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scanJsonObject } from "./json-scan.ts";

const limits = { maxDepth: 64, maxNodes: 10_000 };

function scan(text: string, maxNodes = limits.maxNodes) {
  const bytes = Buffer.from(text);
  return scanJsonObject(bytes, { start: 0, end: bytes.length }, { ...limits, maxNodes });
}

function members(text: string): readonly (readonly [string, string])[] {
  const bytes = Buffer.from(text);
  const found: [string, string][] = [];
  scanJsonObject(bytes, { start: 0, end: bytes.length }, limits, {
    member(keyStart, keyEnd, valueStart, valueEnd) {
      found.push([bytes.toString("utf8", keyStart, keyEnd), bytes.toString("utf8", valueStart, valueEnd)]);
    },
  });
  return found;
}

function countValues(value: unknown): number {
  if (typeof value !== "object" || value === null) return 1;
  return Object.values(value).reduce<number>((sum, inner) => sum + countValues(inner), 1);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const text = fc.string({
  minLength: 30,
  maxLength: 60,
  unit: fc.constantFrom("a", " ", '"', "\\", "{", "]", ","),
});
const message = fc.oneof(
  fc.record({ role: fc.constantFrom("user", "assistant"), content: text }),
  fc.record({
    role: fc.constant("user"),
    content: fc.array(fc.record({ type: fc.constant("text"), text }), { maxLength: 3 }),
  }),
  fc.record({ role: fc.constant("tool"), id: fc.nat(9), content: text, name: fc.option(fc.constant("x")) }),
);
const conversation = fc.record({
  model: fc.constant("m"),
  messages: fc.array(message, { maxLength: 12 }),
  input: fc.array(text, { maxLength: 6 }),
  user: text,
});

describe("a text that repeats itself", () => {
  it("is counted and told of as if every byte of it were scanned", () => {
    fc.assert(
      fc.property(conversation, (body) => {
        const json = JSON.stringify(body);
        const values = countValues(body);
        expect(scan(json, values)).toBeUndefined();
        expect(scan(json, values - 1)).toBe("too_many_nodes");
        expect(members(json)).toEqual(
          Object.entries(body).map(([key, value]) => [key, JSON.stringify(value)]),
        );
      }),
    );
  });

  it("is refused for one byte that is not as it was before", () => {
    const change = fc.record({
      place: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      removed: fc.nat(3),
      // Without bytes on which the scan is laxer than a parser: escapes, control characters and figures.
      added: fc.string({ maxLength: 2, unit: fc.constantFrom("{", "}", "[", "]", ",", ":", '"', " ", "x") }),
    });
    const plain = conversation.map((body) => JSON.stringify(body).replaceAll("\\", "a"));
    fc.assert(
      fc.property(plain, change, (json, { place, removed, added }) => {
        const at = Math.floor(place * json.length);
        const changed = json.slice(0, at) + added + json.slice(at + removed);
        expect(scan(changed) === undefined).toBe(isJson(changed) && changed.trimStart().startsWith("{"));
      }),
      { numRuns: 1_000 },
    );
  });

  it("has too many values before it has no end", () => {
    expect(scan(`{"m":[${`"${"a".repeat(40)}",`.repeat(20)}"`, 10)).toBe("too_many_nodes");
  });

  it("is told of member by member, also where members repeat themselves", () => {
    const member = `"m":{"x":"${"a".repeat(40)}"}`;
    expect(members(`{${Array(5).fill(member).join(",")}}`)).toHaveLength(5);
  });

  it("is passed over only where the same brackets are open", () => {
    const long = "a".repeat(40);
    const run = `"x":"${long}","y":"${long}"`;
    expect(scan(`{"m":[{${run}},{${run}},{${run}}]}`)).toBeUndefined();
    expect(scan(`{"m":[{${run}},{${run}},["${long}","y":"${long}"]]}`)).toBe("malformed");
    expect(scan(`{"m":[{${run}},{${run}}],"n":[{${run}},{${run}]}}`)).toBe("malformed");
    expect(scan(`{"m":[["${long}"],["${long}"],["${long}"]],"n":["${long}"],["${long}"]}`)).toBe("malformed");
  });
});
