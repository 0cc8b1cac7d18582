import { type Output, toPrintable } from "./output.ts";

/** The text alone goes to standard output, so that a script can take it. */
export function tellKey(
  output: Output,
  made: { readonly id: string; readonly name: string; readonly key: string },
): void {
  if (output.format === "json") {
    output.out(`${JSON.stringify(made, null, 2)}\n`);
    return;
  }
  output.err(`${toPrintable(`${made.name} (${made.id}). The key is shown this once:`)}\n`);
  output.out(`${toPrintable(made.key)}\n`);
}
