import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type JsonProblem, scanJsonObject } from "./json-scan.ts";

const limits = { maxDepth: 64, maxNodes: 1_000 };

function scan(text: string): JsonProblem | undefined {
  const bytes = Buffer.from(text);
  return scanJsonObject(bytes, { start: 0, end: bytes.length }, limits);
}

function members(text: string): Map<string, string> {
  const bytes = Buffer.from(text);
  const found = new Map<string, string>();
  scanJsonObject(bytes, { start: 0, end: bytes.length }, limits, {
    member(keyStart, keyEnd, valueStart, valueEnd) {
      found.set(bytes.toString("utf8", keyStart, keyEnd), bytes.toString("utf8", valueStart, valueEnd));
    },
  });
  return found;
}

describe("scanJsonObject", () => {
  it.each([
    "{}",
    ' {"a":1} ',
    '{"a":[],"b":{},"c":[{"d":[1,-2.5e+3,true,false,null,"x"]}]}',
    '{"a":"\\"\\\\"}',
  ])("accepts %s", (text) => {
    expect(scan(text)).toBeUndefined();
  });

  it.each([
    "",
    "[]",
    "1",
    '"a"',
    "{",
    "}",
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{"a":1 "b":2}',
    '{"a":[1,]}',
    '{"a":tru}',
    '{"a":1}}',
    "{a:1}",
    '{"a":"',
    "\ufeff{}",
    '{"a":[}',
    '{"a":-}',
  ])("refuses %j as malformed", (text) => {
    expect(scan(text)).toBe("malformed");
  });

  it("accepts the deepest allowed nesting and refuses one level more", () => {
    const nested = (depth: number) => `{"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
    expect(scan(nested(64))).toBeUndefined();
    expect(scan(nested(65))).toBe("too_deep");
    expect(scan(nested(100_000))).toBe("too_deep");
  });

  it("accepts the largest allowed number of values and refuses one more", () => {
    const wide = (count: number) => `{"a":[${Array.from({ length: count }, () => "1").join(",")}]}`;
    expect(scan(wide(998))).toBeUndefined();
    expect(scan(wide(999))).toBe("too_many_nodes");
  });

  it("agrees with JSON.parse on every object and finds its members", () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 }));
    fc.assert(
      fc.property(object, fc.constantFrom(undefined, 1), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const expected = new Map(
          Object.entries(value).map(([key, member]) => [
            JSON.stringify(key).slice(1, -1),
            JSON.stringify(member),
          ]),
        );
        const compact = new Map(
          [...members(text)].map(([key, member]) => [key, JSON.stringify(JSON.parse(member))]),
        );
        expect(scan(text)).toBeUndefined();
        expect(compact).toEqual(expected);
      }),
    );
  });

  it("refuses every object from which one structural byte was taken", () => {
    const object = fc.dictionary(
      fc.string({ minLength: 1, unit: "grapheme-ascii" }).filter((key) => /^\w+$/.test(key)),
      fc.array(fc.nat(), { minLength: 1 }),
      { minKeys: 1 },
    );
    fc.assert(
      fc.property(object, fc.nat(), (value, seed) => {
        const text = JSON.stringify(value);
        const structural = [...text].flatMap((character, index) =>
          '{}[]:"'.includes(character) ? [index] : [],
        );
        const at = structural[seed % structural.length] ?? 0;
        expect(scan(text.slice(0, at) + text.slice(at + 1))).toBe("malformed");
      }),
    );
  });

  it("finds the end of a string wherever its escapes stand", () => {
    for (const escape of ['\\"', "\\\\", '\\\\\\"', "\\n"]) {
      for (let before = 0; before < 64; before++) {
        for (const behind of [0, 1, 15, 16, 17, 40]) {
          const written = `"${"x".repeat(before)}${escape}${"y".repeat(behind)}"`;
          expect(members(`{"text":${written},"model":"m"}`)).toEqual(
            new Map([
              ["text", written],
              ["model", '"m"'],
            ]),
          );
          expect(scan(`{"text":${written.slice(0, -1)}}`)).toBe("malformed");
        }
      }
    }
  });

  it("finds the end of long strings full of escaped quotes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('"', "\\", "x", "\n", "é"), { minLength: 40, maxLength: 4_000 }),
        (characters) => {
          const text = JSON.stringify({ before: characters.join(""), model: "m" });
          expect(members(text).get("model")).toBe('"m"');
        },
      ),
    );
  });
});
