import { stripVTControlCharacters } from "node:util";

/** Where the command line writes: data to `out`, everything else to `err`. */
export interface Output {
  readonly format: "table" | "json";
  out(text: string): void;
  err(text: string): void;
  /** Data that may be much: resolves when whoever reads it has room for more. */
  whole(text: string): Promise<void>;
}

/** Prints rows as a table for people, or `value` as JSON for programs. */
export function printRows(output: Output, value: unknown, rows: readonly (readonly string[])[]): void {
  output.out(output.format === "json" ? `${JSON.stringify(value, null, 2)}\n` : formatTable(rows));
}

/** Columns as wide as their widest cell. Control characters in the cells are taken out. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const clean = rows.map((row) => row.map(toPrintable));
  const widths = (clean[0] ?? []).map((_cell, column) =>
    Math.max(...clean.map((row) => row[column]?.length ?? 0)),
  );
  return clean
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

/** A text from elsewhere without anything that a terminal would obey. */
export function toPrintable(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\p{Cc}/gu, " ");
}

/** The same for text of several lines: line ends and tabs stay. A sequence that came in two pieces is harmless, too. */
export function toPrintableLines(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/(?![\n\t])\p{Cc}/gu, "");
}

/** Bytes in the unit that a person would choose, or a dash. */
export function formatBytes(bytes: number | null): string {
  if (bytes === null) return "-";
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = bytes <= 0 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1_000 ** step).toFixed(step === 0 ? 0 : 1)} ${units[step] ?? ""}`;
}
