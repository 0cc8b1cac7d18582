import fc from "fast-check";
import { expect, test } from "vitest";
import { type Block, parseMarkdown } from "./blocks.ts";
import { type Inline, parseInline } from "./inline.ts";

const text = (value: string): Inline => ({ type: "text", text: value });
const says = (value: string): Block => ({ type: "paragraph", content: [text(value)] });

test("blocks of every kind are told apart", () => {
  const source = [
    "# Title #",
    "Some",
    "text.",
    "```ts",
    "const a = '<b>';",
    "",
    "```",
    "> quoted",
    "---",
    "| a | b |",
    "|---|:-:|",
    "| 1 |",
  ].join("\n");
  expect(parseMarkdown(source)).toEqual([
    { type: "heading", content: [text("Title")] },
    { type: "paragraph", content: [text("Some"), { type: "break" }, text("text.")] },
    { type: "code", language: "ts", text: "const a = '<b>';\n" },
    { type: "quote", blocks: [says("quoted")] },
    { type: "rule" },
    { type: "table", head: [[text("a")], [text("b")]], rows: [[[text("1")], []]] },
  ]);
});

test("lists hold what is indented below their items, blank lines or not", () => {
  const source = ["1. one", "   more", "   - inner", "", "   apart", "2. two", "", "- other", "", "end"].join(
    "\n",
  );
  expect(parseMarkdown(source)).toEqual([
    {
      type: "list",
      start: 1,
      items: [
        [
          { type: "paragraph", content: [text("one"), { type: "break" }, text("more")] },
          { type: "list", start: undefined, items: [[says("inner")]] },
          says("apart"),
        ],
        [says("two")],
      ],
    },
    { type: "list", start: undefined, items: [[says("other")]] },
    says("end"),
  ]);
});

test("code that is still coming is code already", () => {
  expect(parseMarkdown("```py\nprint(1)")).toEqual([{ type: "code", language: "py", text: "print(1)" }]);
});

test.each<[string, readonly Inline[]]>([
  [
    "**a *b* c**",
    [{ type: "strong", content: [text("a "), { type: "emphasis", content: [text("b")] }, text(" c")] }],
  ],
  ["`` a`b ``", [{ type: "code", text: "a`b" }]],
  [
    "~~x~~ snake_case_name 2 * 3 * 4",
    [{ type: "struck", content: [text("x")] }, text(" snake_case_name 2 * 3 * 4")],
  ],
  [String.raw`\*not\*`, [text("*not*")]],
  ["**open", [text("**open")]],
  ['[a](https://b.example/c "t")', [{ type: "link", href: "https://b.example/c", content: [text("a")] }]],
])("%s is read as it is meant", (source, expected) => {
  expect(parseInline(source)).toEqual(expected);
});

test.each([
  "[a](javascript:alert(1))",
  "[a](JaVaScRiPt:alert)",
  "[a](data:text/html,x)",
  "[a](//other.example)",
  "<a href='javascript:x'>",
  "![x](javascript:y)",
])("%s stays text", (source) => {
  expect(parseInline(source).every(({ type }) => type === "text")).toBe(true);
});

/** All that somebody would read. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(textOf).join("");
  if (typeof value !== "object" || value === null) return "";
  return Object.entries(value)
    .filter(([name]) => !["type", "href", "language"].includes(name))
    .map(([, each]) => textOf(each))
    .join("");
}

test("no letter is lost, and no text makes it fail", () => {
  const piece = fc.constantFrom(
    "a",
    "b",
    " ",
    "\n",
    "*",
    "_",
    "`",
    "~",
    "[",
    "]",
    "(",
    ")",
    ">",
    "-",
    "1.",
    "|",
    "#",
    "\\",
    "    ",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const source = pieces.join("");
      // What a fence says of its language, and addresses, are not read aloud.
      if (source.includes("```") || source.includes("~~~") || source.includes("]("))
        return parseMarkdown(source).length >= 0;
      const letters = (value: string) => value.replaceAll(/[^ab]/g, "");
      return letters(textOf(parseMarkdown(source))) === letters(source) || source.includes("|");
    }),
  );
});

test.each([
  ["openers", "*a ".repeat(60_000)],
  ["brackets", "[".repeat(100_000)],
  ["quotes", ">".repeat(100_000)],
  ["backticks", "`a``b```c".repeat(20_000)],
  ["list signs", "- ".repeat(50_000)],
  ["strong in strong", "**a ".repeat(40_000)],
])("a hundred thousand %s end", (_name, source) => {
  expect(parseMarkdown(source).length).toBeGreaterThan(0);
});
