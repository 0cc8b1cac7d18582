import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type JsonForm, learnForm } from "./json-form.ts";
import { scanJsonObject } from "./json-scan.ts";

const learnt = '{"id":"a-1","n":-7,"f":1.5e3,"is":true,"no":null,"l":[1,"x",{}],"o":{"k\\"":""}}';

function formOf(text: string): JsonForm | undefined {
  const bytes = Buffer.from(text);
  return learnForm(bytes, { start: 0, end: bytes.length });
}

function matches(form: JsonForm | undefined, text: string): boolean {
  const bytes = Buffer.from(`"5${text}"5`);
  return form?.match(bytes, 2, bytes.length - 2) === true;
}

describe("the form of a JSON text", () => {
  it.each([
    ["itself", learnt],
    ["another string", learnt.replace("a-1", "bcd")],
    ["an empty string", learnt.replace("a-1", "")],
    ["escapes", learnt.replace("a-1", '\\"\\\\\\u00e9')],
    ["a long string", learnt.replace("a-1", `${"x".repeat(10_000)}\\"`)],
    ["another number", learnt.replace("-7", "12345")],
    ["another fraction", learnt.replace("1.5e3", "0.25")],
    ["another string in a list", learnt.replace('"x"', '"null"')],
  ])("knows %s", (_what, text) => {
    expect(matches(formOf(learnt), text)).toBe(true);
  });

  it.each([
    ["another key", learnt.replace('"n"', '"m"')],
    ["another literal", learnt.replace("true", "null")],
    ["a string for a number", learnt.replace("-7", '"7"')],
    ["a number for a string", learnt.replace('"a-1"', "1")],
    ["no digits", learnt.replace("-7", "-")],
    ["no number", learnt.replace("-7", "")],
    ["an object for a list", learnt.replace('[1,"x",{}]', '{"a":1}')],
    ["one more element", learnt.replace('"x"', '"x","y"')],
    ["a blank", learnt.replace(",", ", ")],
    ["a string that ends early", learnt.replace("a-1", '"')],
    ["a string that does not end", learnt.replace('a-1"', 'a-1\\"')],
    ["more behind the end", `${learnt} `],
    ["an end too early", learnt.slice(0, -1)],
    ["nothing", ""],
  ])("does not know %s", (_what, text) => {
    expect(matches(formOf(learnt), text)).toBe(false);
  });

  it("tells where the values stood in the text that matched last", () => {
    const form = formOf(learnt);
    const at = (text: string) => form?.holeAt(Buffer.from(learnt).indexOf(text)) ?? -1;
    const [id, count, key] = [at("a-1"), at("-7"), at('k\\"')];
    const other = Buffer.from(learnt.replace("a-1", "a longer one").replace("-7", "12345"));
    expect(form?.match(other, 0, other.length)).toBe(true);
    const holes = [id, count].map((hole) => other.toString("utf8", form?.startOf(hole), form?.endOf(hole)));
    expect(holes).toEqual(["a longer one", "12345"]);
    expect(key).toBe(-1);
  });

  it("is the same whether a text of it was long or short", () => {
    const long = learnt.replace("a-1", "y".repeat(100_000));
    expect(matches(formOf(long), learnt)).toBe(true);
  });

  it("is not learnt when there is too much to compare", () => {
    const wide = (count: number) => JSON.stringify({ list: Array.from({ length: count }, (_, at) => at) });
    expect(formOf(wide(64))).toBeDefined();
    expect(formOf(wide(65))).toBeUndefined();
    expect(formOf(JSON.stringify({ [`k${"e".repeat(5_000)}y`]: 1 }))).toBeUndefined();
  });

  it("knows no text that the scan refuses, and every text with other values", () => {
    const limits = { maxDepth: 64, maxNodes: 1_000 };
    const scanned = (bytes: Buffer) => scanJsonObject(bytes, { start: 0, end: bytes.length }, limits);
    const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }));
    const edit = fc.tuple(fc.nat(), fc.nat(3), fc.constantFrom(...'"\\{}[]:,0-1.e \ntn\0\x1f'));
    fc.assert(
      fc.property(object, fc.array(edit, { maxLength: 3 }), (value, edits) => {
        const text = JSON.stringify(value);
        const form = formOf(text);
        expect(form === undefined || matches(form, text)).toBe(true);
        let changed = Buffer.from(text);
        for (const [where, removed, put] of edits) {
          const at = where % (changed.length + 1);
          const parts = [changed.subarray(0, at), Buffer.from(put), changed.subarray(at + removed)];
          changed = Buffer.concat(parts);
        }
        if (form?.match(changed, 0, changed.length) === true) expect(scanned(changed)).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });
});
