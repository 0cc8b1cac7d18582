import { type Inline, parseInline } from "./inline.ts";

/** A part of an answer that stands for itself. */
export type Block =
  | { readonly type: "paragraph" | "heading"; readonly content: readonly Inline[] }
  | { readonly type: "code"; readonly language: string; readonly text: string }
  | { readonly type: "quote"; readonly blocks: readonly Block[] }
  | {
      readonly type: "list";
      readonly start: number | undefined;
      readonly items: readonly (readonly Block[])[];
    }
  | { readonly type: "rule" }
  | {
      readonly type: "table";
      readonly head: readonly (readonly Inline[])[];
      readonly rows: readonly (readonly (readonly Inline[])[])[];
    };

/** So deep may lists and quotes stand in each other; what is deeper stays text. */
const maxDepth = 8;

const fenceStart = /^ {0,3}(`{3,64}|~{3,64})\s*([\w+#.-]{0,32})[^`]*$/;
const heading = /^ {0,3}#{1,6}(?:\s+|$)/;
const rule = /^ {0,3}(?:(?:- *){3,}|(?:\* *){3,}|(?:_ *){3,})$/;
const quote = /^ {0,3}> ?/;
const item = /^( {0,3})([-*+]|\d{1,9}[.)])(\s+|$)/;
const tableRule = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;

interface Taken {
  readonly block: Block;
  /** The line after it. */
  readonly next: number;
}

/** Reads the Markdown that models write, whole or as far as it came. HTML has no meaning in it. */
export function parseMarkdown(text: string): readonly Block[] {
  return parseLines(text.replaceAll("\r\n", "\n").replaceAll("\t", "    ").split("\n"), 0);
}

function parseLines(lines: readonly string[], depth: number): readonly Block[] {
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    if ((lines[at] ?? "").trim() === "") {
      at++;
      continue;
    }
    const { block, next } = takeBlock(lines, at, depth);
    blocks.push(block);
    at = next;
  }
  return blocks;
}

function takeBlock(lines: readonly string[], at: number, depth: number): Taken {
  const line = lines[at] ?? "";
  const fence = fenceStart.exec(line);
  if (fence !== null) return takeCode(lines, at, fence);
  if (heading.test(line)) {
    const words = line.replace(heading, "").replace(/\s+#+\s*$/, "");
    return { block: { type: "heading", content: parseInline(words) }, next: at + 1 };
  }
  if (rule.test(line)) return { block: { type: "rule" }, next: at + 1 };
  if (depth < maxDepth && quote.test(line)) return takeQuote(lines, at, depth);
  if (depth < maxDepth && item.test(line)) return takeList(lines, at, depth);
  if (line.includes("|") && (lines[at + 1] ?? "").includes("-") && tableRule.test(lines[at + 1] ?? ""))
    return takeTable(lines, at);
  return takeParagraph(lines, at);
}

/** Code that is not closed yet goes on to the end. */
function takeCode(
  lines: readonly string[],
  at: number,
  [, sign = "```", language = ""]: RegExpExecArray,
): Taken {
  const isEnd = (line: string) => {
    const bare = line.trim();
    return bare.length >= sign.length && bare === (sign[0] ?? "").repeat(bare.length);
  };
  let next = at + 1;
  while (next < lines.length && !isEnd(lines[next] ?? "")) next++;
  return {
    block: { type: "code", language, text: lines.slice(at + 1, next).join("\n") },
    next: next + 1,
  };
}

function takeQuote(lines: readonly string[], at: number, depth: number): Taken {
  let next = at;
  while (next < lines.length && quote.test(lines[next] ?? "")) next++;
  const inner = lines.slice(at, next).map((line) => line.replace(quote, ""));
  return { block: { type: "quote", blocks: parseLines(inner, depth + 1) }, next };
}

function takeList(lines: readonly string[], at: number, depth: number): Taken {
  const first = item.exec(lines[at] ?? "");
  const sign = first?.[2] ?? "-";
  const isNumbered = /\d/.test(sign);
  const items: (readonly Block[])[] = [];
  let next = at;
  while (next < lines.length) {
    const found = item.exec(lines[next] ?? "");
    if (found === null || /\d/.test(found[2] ?? "") !== isNumbered || rule.test(lines[next] ?? "")) break;
    const own = takeItem(lines, next, found[0].length);
    items.push(parseLines(own.lines, depth + 1));
    next = own.next;
  }
  return { block: { type: "list", start: isNumbered ? Number.parseInt(sign, 10) : undefined, items }, next };
}

/** The lines of one item, as if they stood alone: what is indented below it, and what goes on without a blank line. */
function takeItem(
  lines: readonly string[],
  at: number,
  width: number,
): { readonly lines: readonly string[]; readonly next: number } {
  const own = [(lines[at] ?? "").slice(width)];
  let next = at + 1;
  for (; next < lines.length; next++) {
    const line = lines[next] ?? "";
    const isBlank = line.trim() === "";
    const indent = line.length - line.trimStart().length;
    const goesOn = isBlank ? isIndented(lines[next + 1]) : indent >= Math.min(width, 2) || !startsBlock(line);
    const isAfterBlank = own.at(-1)?.trim() === "" && own.length > 1;
    if (!goesOn || (isAfterBlank && !isBlank && indent < Math.min(width, 2))) break;
    own.push(isBlank ? "" : line.slice(Math.min(indent, width)));
  }
  return { lines: own, next: (lines[next] ?? "x").trim() === "" ? next + 1 : next };
}

function isIndented(line: string | undefined): boolean {
  return line !== undefined && /^ {2,}\S/.test(line);
}

function startsBlock(line: string): boolean {
  return [fenceStart, heading, rule, quote, item].some((start) => start.test(line));
}

function takeTable(lines: readonly string[], at: number): Taken {
  let next = at + 2;
  while (next < lines.length && (lines[next] ?? "").includes("|")) next++;
  const head = toCells(lines[at] ?? "");
  const rows = lines.slice(at + 2, next).map((line) => {
    const cells = toCells(line);
    return head.map((_cell, column) => cells[column] ?? []);
  });
  return { block: { type: "table", head, rows }, next };
}

function toCells(line: string): readonly (readonly Inline[])[] {
  const bare = line.trim().replace(/^\|/, "").replace(/\|$/, "");
  return bare.split("|").map((cell) => parseInline(cell.trim()));
}

function takeParagraph(lines: readonly string[], at: number): Taken {
  let next = at + 1;
  while (next < lines.length && (lines[next] ?? "").trim() !== "" && !startsBlock(lines[next] ?? "")) next++;
  const text = lines
    .slice(at, next)
    .map((line) => line.trim())
    .join("\n");
  return { block: { type: "paragraph", content: parseInline(text) }, next };
}
