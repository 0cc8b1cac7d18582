import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { GeneratedFile } from "./generated-files.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const slot = /<!--= (.+?): ([^:]+?) -->.*?<!--\/-->/g;

/**
 * Pages with figures of the benchmark. A figure stands between `<!--= ROW: COLUMN -->` and `<!--/-->`, where ROW is the
 * first cells of a row of `bench/results.md`, as many as it takes, with commas between them.
 */
export function figurePages(): readonly GeneratedFile[] {
  const results = readFileSync(`${root}bench/results.md`, "utf8");
  return ["docs/guides/tune.md", "docs/guides/compare.md"].map((path) => ({
    path,
    text: fillFigures(readFileSync(root + path, "utf8"), results),
  }));
}

/** @throws Error for a figure that the results do not have, or have twice */
export function fillFigures(page: string, results: string): string {
  const rows = readRows(results);
  return page.replaceAll(slot, (_whole, row: string, column: string) => {
    const found = rows.filter(({ cells, columns }) => columns.includes(column) && isCalled(cells, row));
    const [only] = found;
    if (only === undefined || found.length > 1)
      throw new Error(
        `bench/results.md has ${found.length} rows that begin with ${row} and have a ${column}`,
      );
    return `<!--= ${row}: ${column} -->${formatFigure(only.cells[only.columns.indexOf(column)] ?? "")}<!--/-->`;
  });
}

type Row = { readonly cells: readonly string[]; readonly columns: readonly string[] };

function readRows(results: string): readonly Row[] {
  const rows: Row[] = [];
  let columns: readonly string[] = [];
  for (const line of results.split("\n")) {
    const cells = /^\| (.+) \|$/.exec(line)?.[1]?.split(" | ");
    if (cells === undefined) columns = [];
    else if (columns.length === 0) columns = cells;
    else rows.push({ cells, columns });
  }
  return rows;
}

function isCalled(cells: readonly string[], row: string): boolean {
  return cells.some((_cell, index) => cells.slice(0, index + 1).join(", ") === row);
}

/** Three figures are enough for a guide. */
function formatFigure(cell: string): string {
  const value = Number(cell.replaceAll(",", ""));
  if (cell === "" || Number.isNaN(value)) throw new Error(`bench/results.md: ${cell} is no number`);
  return value.toLocaleString("en-US", { maximumSignificantDigits: 3 });
}
