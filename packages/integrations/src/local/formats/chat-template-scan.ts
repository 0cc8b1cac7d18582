import { toPrintable } from "./printable.ts";

/** Ways in which a Jinja template reaches for Python instead of for the messages that it formats. */
const suspicions: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/__\w+__/, "reaches for inner attributes"],
  [/(\\x5f|\\u005f|\\137){2}|(["'])_\2\s*[~+*]|(["'])__\3/i, "puts together the name of an inner attribute"],
  [/\|\s*attr\b|\bgetattr\b/, "reads attributes by computed names"],
  [/\b(lipsum|cycler|joiner)\s*[.[]|\bself\s*\.\s*_/, "reaches for globals of the template engine"],
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
  const found = new Map<string, string>();
  for (const [pattern, what] of suspicions) {
    const match = pattern.exec(template);
    if (match !== null && !found.has(what)) found.set(what, match[0]);
  }
  return [...found].map(([what, text]) => `Its chat template ${what} (${toPrintable(text, 40)}).`);
}
