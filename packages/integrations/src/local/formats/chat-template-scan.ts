import { toPrintable } from "./printable.ts";

/** Ways in which a Jinja template reaches for Python instead of for the messages that it formats. */
const suspicions: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/__\w+__/, "reaches for inner attributes"],
  [/(["'])_\1\s*[~+*]|[~+]\s*(["'])_\2|(?<!\w)__|__(?!\w)/, "reaches for inner attributes"],
  [/%c|\\N\{/, "puts together characters by their numbers"],
  [/\|\s*attr\b|\bgetattr\b/, "reads attributes by computed names"],
  [/\b(lipsum|cycler|joiner)\b|\bself\s*\.\s*_/, "reaches for globals of the template engine"],
  [/\b(popen|subprocess|importlib|builtins)\b|\bos\s*\.\s*\w+\s*\(/, "names what runs programs"],
  [/\b(eval|exec|compile|open)\s*\(/, "calls what runs or reads something"],
  [/\{%-?\s*(include|import|extends|from)\b/, "reads other files"],
  [/\b(func_globals|gi_frame|gi_code|f_globals|mro)\b/, "reaches for inner attributes"],
];

/**
 * What a chat template does that formatting messages does not need; empty for usual ones. The template is read as
 * text: nothing renders it.
 */
export function scanChatTemplate(template: string): readonly string[] {
  const text = withoutEscapes(template);
  const found = new Map<string, string>();
  for (const [pattern, what] of suspicions) {
    const match = pattern.exec(text);
    if (match !== null && !found.has(what)) found.set(what, match[0]);
  }
  return [...found].map(([what, text]) => `Its chat template ${what} (${toPrintable(text, 40)}).`);
}

const escape = /\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|[0-7]{3})/gi;

/** The characters that escapes of a text stand for, in each spelling that Python has for them. */
function withoutEscapes(template: string): string {
  return template.replaceAll(escape, (whole) => {
    const isOctal = !/[xu]/i.test(whole.charAt(1));
    const code = Number.parseInt(whole.slice(isOctal ? 1 : 2), isOctal ? 8 : 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
