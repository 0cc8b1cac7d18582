/** A part of a line of text. */
export type Inline =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "code"; readonly text: string }
  | { readonly type: "break" }
  | { readonly type: "strong" | "emphasis" | "struck"; readonly content: readonly Inline[] }
  | { readonly type: "link"; readonly href: string; readonly content: readonly Inline[] };

/** So deep may emphasis stand in emphasis; what is deeper stays text. */
const maxDepth = 6;

/** Longer ones first: `**` is not twice `*`. */
const marks = [
  ["**", "strong"],
  ["__", "strong"],
  ["~~", "struck"],
  ["*", "emphasis"],
  ["_", "emphasis"],
] as const;

interface Found {
  readonly inline: Inline;
  /** Where it ends. */
  readonly end: number;
}

/**
 * Reads emphasis, code and links of a text of Markdown. HTML has no meaning in it, and addresses of other than
 * `http`, `https` and `mailto` stay text. In time it grows with the text's length.
 */
export function parseInline(text: string, depth = 0): readonly Inline[] {
  const parts: Inline[] = [];
  const hopeless = new Set<string>();
  let plain = "";
  let at = 0;
  const flush = () => {
    if (plain !== "") parts.push({ type: "text", text: plain });
    plain = "";
  };
  while (at < text.length) {
    const found = findAt(text, at, { depth, hopeless });
    if (found === undefined) {
      const isEscaped = text[at] === "\\" && /[\\`*_~[\]()#>|.!-]/.test(text[at + 1] ?? "");
      if (isEscaped) at++;
      plain += text[at] ?? "";
      at++;
      continue;
    }
    flush();
    parts.push(found.inline);
    at = found.end;
  }
  flush();
  return parts;
}

interface Search {
  readonly depth: number;
  /** Marks that are not closed in the rest of the text: they need not be looked for again. */
  readonly hopeless: Set<string>;
}

function findAt(text: string, at: number, search: Search): Found | undefined {
  switch (text[at]) {
    case "`":
      return findCode(text, at, search);
    case "\n":
      return { inline: { type: "break" }, end: at + 1 };
    case "[":
      return findLink(text, at, search);
    case "*":
    case "_":
    case "~":
      return findEmphasis(text, at, search);
    default:
      return undefined;
  }
}

function findCode(text: string, at: number, { hopeless }: Search): Found | undefined {
  const fence = /^`+/.exec(text.slice(at, at + 64))?.[0] ?? "`";
  if (hopeless.has(fence)) return undefined;
  let close = text.indexOf(fence, at + fence.length);
  while (close >= 0 && text[close + fence.length] === "`") {
    let next = close;
    while (text[next] === "`") next++;
    close = text.indexOf(fence, next);
  }
  if (close < 0) {
    hopeless.add(fence);
    return undefined;
  }
  const inner = text.slice(at + fence.length, close).replaceAll("\n", " ");
  const isPadded = inner.startsWith(" ") && inner.endsWith(" ") && inner.trim() !== "";
  return { inline: { type: "code", text: isPadded ? inner.slice(1, -1) : inner }, end: close + fence.length };
}

/** The label holds no other bracket, so that each is looked at once. */
function findLink(text: string, at: number, { depth }: Search): Found | undefined {
  let close = at + 1;
  while (close < text.length && text[close] !== "]" && text[close] !== "[") close++;
  if (text[close] !== "]" || text[close + 1] !== "(" || depth >= maxDepth) return undefined;
  let end = close + 2;
  while (end < text.length && !/[\s()<>]/.test(text[end] ?? "")) end++;
  const href = text.slice(close + 2, end);
  // A title after the address is passed over.
  const rest = /^[ ]{1,4}"[^"\n]{0,200}"\)|^\)/.exec(text.slice(end, end + 210))?.[0];
  if (rest === undefined || !isSafe(href)) return undefined;
  const label = text.slice(at + 1, close);
  return {
    inline: { type: "link", href, content: parseInline(label === "" ? href : label, maxDepth) },
    end: end + rest.length,
  };
}

function findEmphasis(text: string, at: number, { depth, hopeless }: Search): Found | undefined {
  const mark = marks.find(([each]) => text.startsWith(each, at));
  if (mark === undefined || depth >= maxDepth) return undefined;
  const [sign, type] = mark;
  const begin = at + sign.length;
  const isWordBefore = sign.startsWith("_") && /\w/.test(text[at - 1] ?? "");
  if (hopeless.has(sign) || isWordBefore || /^\s?$/.test(text[begin] ?? "")) return undefined;
  let close = text.indexOf(sign, begin + 1);
  while (close >= 0 && !closes(text, close, sign)) close = text.indexOf(sign, close + 1);
  if (close < 0) {
    hopeless.add(sign);
    return undefined;
  }
  const content = parseInline(text.slice(begin, close), depth + 1);
  return { inline: { type, content }, end: close + sign.length };
}

function closes(text: string, at: number, sign: string): boolean {
  const after = text[at + sign.length] ?? "";
  if (/\s/.test(text[at - 1] ?? "")) return false;
  if (sign.startsWith("_")) return !/\w/.test(after);
  // Of `***` the last one or two close.
  return sign.length === 2 ? after !== sign[0] : after !== sign && text[at - 1] !== sign;
}

function isSafe(href: string): boolean {
  return ["http:", "https:", "mailto:"].includes(URL.parse(href)?.protocol ?? "");
}
