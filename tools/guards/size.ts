import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Guard } from "./guard.ts";
import { isCode, isTest, listSources } from "./sources.ts";

const longestFile = 400;
const longestFunction = 80;

/** Files have at most 400 lines, functions at most 80; tests and tables of data may have longer functions. */
export const sizeGuard: Guard = {
  name: "size",
  remedy: "when a file stops being one thing, split it",
  async find(root) {
    const problems: string[] = [];
    for (const path of (await listSources(root)).filter(isCode)) {
      const lines = (await readFile(join(root, path), "utf8")).split("\n");
      if (lines.length - 1 > longestFile)
        problems.push(`${path}: ${lines.length - 1} lines, at most ${longestFile} (file size)`);
      if (!isTest(path)) problems.push(...longFunctions(path, lines));
    }
    return problems;
  },
};

const namedFunction =
  /^ *(export )?(async )?function\*? \w+|^ +(static |async |get |set |\*|#)*#?\w+\([^)]*\)?.*\{$|^ *(export )?const \w+ = (async )?\([^)]*\).*=> \{$/;
/** An arrow handed on, and the last line of parameters that have lines of their own. */
const namelessFunction = /=> \{$|^ *\): .+ \{$/;
const notFunction = /^ *(if|for|while|switch|catch|return (?!.*=> \{$)|else|do|try)\b|^ *\}/;

interface Block {
  readonly start: number;
  readonly end: number;
  readonly isNamed: boolean;
}

/**
 * Functions by their first line and the closing brace of the same indentation, which the formatter makes reliable.
 * What stands in named functions inside a function counts for those alone: a factory may hold many short ones.
 */
function longFunctions(path: string, lines: readonly string[]): readonly string[] {
  const blocks = findBlocks(lines);
  return blocks.flatMap((block) => {
    const length = ownLines(block, blocks);
    return length > longestFunction
      ? [
          `${path}:${block.start + 1}: a function of ${length} lines, at most ${longestFunction} (function size)`,
        ]
      : [];
  });
}

function findBlocks(lines: readonly string[]): readonly Block[] {
  const byEnd = new Map<number, Block>();
  for (const [start, line] of lines.entries()) {
    const isNamed = namedFunction.test(line);
    if ((!isNamed && !namelessFunction.test(line)) || notFunction.test(line)) continue;
    const indentation = /^ */.exec(line)?.[0] ?? "";
    const end = lines.findIndex((other, at) => at > start && closesAt(other, indentation));
    if (end >= 0 && !byEnd.has(end)) byEnd.set(end, { start, end, isNamed });
  }
  return [...byEnd.values()];
}

/** Whether a line closes a block of that indentation; `} else {` and `}: Parameters) {` go on. */
function closesAt(line: string, indentation: string): boolean {
  return line.startsWith(`${indentation}}`) && !line.endsWith("{");
}

function ownLines(block: Block, blocks: readonly Block[]): number {
  const inside = blocks.filter(
    ({ start, end, isNamed }) => isNamed && start > block.start && end < block.end,
  );
  const outermost = inside.filter(
    (each) => !inside.some(({ start, end }) => start < each.start && end > each.end),
  );
  const nested = outermost.reduce((sum, { start, end }) => sum + end - start + 1, 0);
  return block.end - block.start + 1 - nested;
}
