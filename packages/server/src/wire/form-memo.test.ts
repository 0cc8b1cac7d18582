import { describe, expect, it } from "vitest";
import { FormMemo } from "./form-memo.ts";

/** Whether the memory knew a text; one that it did not know is learnt. */
function shows(memo: FormMemo<string>, text: string): string | undefined {
  const bytes = Buffer.from(text);
  const known = memo.match(bytes, 0, bytes.length);
  if (known !== undefined) return known.meaning;
  const form = memo.learn(bytes, { start: 0, end: bytes.length });
  if (form !== undefined) memo.keep(form, text);
  return undefined;
}

describe("the memory of forms", () => {
  it("knows a text by one of the same form, and what that meant", () => {
    const memo = new FormMemo<string>();
    expect(shows(memo, '{"a":1}')).toBeUndefined();
    expect(shows(memo, '{"b":"x"}')).toBeUndefined();
    expect(shows(memo, '{"a":22}')).toBe('{"a":1}');
    expect(shows(memo, '{"b":"yy"}')).toBe('{"b":"x"}');
  });

  it("forgets the form that has not been seen for longest when there are more than six", () => {
    const memo = new FormMemo<string>();
    for (const key of "abcdef") shows(memo, `{"${key}":1}`);
    shows(memo, '{"a":2}');
    shows(memo, '{"g":1}');
    expect([..."acde"].map((key) => shows(memo, `{"${key}":3}`) !== undefined)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(shows(memo, '{"b":1}')).toBeUndefined();
  });

  it("tires of learning where no text is like another, and does not stay so", () => {
    const memo = new FormMemo<string>();
    const odd = (count: number) => `{"${"k".repeat(count)}":1}`;
    for (let count = 1; count <= 20; count++) shows(memo, odd(count));
    expect(shows(memo, odd(20))).toBeUndefined();
    for (let count = 1; count <= 16; count++) shows(memo, '{"a":1}');
    expect(shows(memo, '{"a":2}')).toBeDefined();
    shows(memo, '{"b":1}');
    expect(shows(memo, '{"b":2}')).toBeDefined();
  });
});
