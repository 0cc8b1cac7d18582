import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Guard } from "./guard.ts";
import { opensConnection, outboundDoors } from "./outbound.ts";
import { isCode, isTest, listSources } from "./sources.ts";

interface Rule {
  readonly name: string;
  readonly applies: (path: string) => boolean;
  /** Finds violations in one line; the line before its statement is given for comments that justify. */
  readonly violates: (line: string, before: string) => boolean;
}

/** What other people's packages begin with is not ours to run. */
const isTemplate = (path: string) => path.startsWith("packages/client/templates/");
const isProduct = (path: string) =>
  isCode(path) && path.startsWith("packages/") && !isTemplate(path) && !isTest(path);
const readsEnvironment = [
  "packages/server/src/config/",
  "packages/client/src/cli/environment.ts",
  // The contract suite looks whether importing a definition changes the environment.
  "packages/kit/src/testing/contract-definition.ts",
  // It writes programs that read it.
  "packages/console/src/components/snippets.ts",
];
const readsEnv = /\bprocess\s*(\?\.|\.)\s*env\b|\bprocess\[|\benv\b.*\} = process\b|from "(node:)?process"/;

const lineRules: readonly Rule[] = [
  {
    name: "process.env is read in config/ only",
    applies: (path) => isProduct(path) && !readsEnvironment.some((place) => path.startsWith(place)),
    violates: (line) => readsEnv.test(withoutComment(line)),
  },
  {
    name: "no mutable module variable",
    applies: isProduct,
    violates: (line) => /^(export )?(let|var) /.test(line),
  },
  {
    name: "erasable syntax only",
    applies: isCode,
    violates: (line) => /^\s*(export )?(declare )?(const )?enum \w+|^\s*(export )?namespace \w+/.test(line),
  },
  {
    name: "a cast says why",
    applies: isProduct,
    violates: (line, before) => isCast(line) && !isComment(before) && !line.includes("//"),
  },
  {
    name: "requests leave through the guarded door",
    applies: (path) => isProduct(path) && !outboundDoors.some((place) => path.startsWith(place)),
    violates: (line) => opensConnection(withoutComment(line)),
  },
  {
    name: "nothing is left for later",
    applies: isCode,
    violates: (line) => /\b(TODO|FIXME|XXX|HACK)\b/.test(line) && !line.includes("(TODO|FIXME"),
  },
  {
    name: "nothing speaks of where it was written",
    applies: (path) =>
      !path.startsWith("tools/guards") &&
      path !== "package-lock.json" &&
      (/\.(ts|tsx|css|js|mjs|md|json|py|c|h|go|sh|yaml|yml|proto)$/.test(path) || path.startsWith(".ci/")),
    violates: (line) =>
      /(^|[\s"'`(=])\/work(?![\w-])|\.\.\/shared\/|\b(issue|ticket|pull request) #?\d+/i.test(line) ||
      (isComment(line) && /(^|[\s(])#\d+\b/.test(line)),
  },
];

const badNames = /^(utils?|helpers?|common|misc|shared|types)\.tsx?$/;
const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|test-data|config))*\.(ts|tsx|js|mjs)$/;

/** What no linter knows: names of files, state, the environment, casts, doors. */
export const styleGuard: Guard = {
  name: "style",
  remedy: "AGENTS.md says how code looks here",
  async find(root) {
    const problems: string[] = [];
    for (const path of await listSources(root)) {
      if (isCode(path)) problems.push(...nameProblems(path));
      const rules = lineRules.filter(({ applies }) => applies(path));
      if (rules.length === 0) continue;
      const lines = joinImports((await readFile(join(root, path), "utf8")).split("\n"));
      lines.forEach((line, index) => {
        const before = lines[statementStart(lines, index) - 1] ?? "";
        for (const { name, violates } of rules)
          if (violates(line, before)) problems.push(`${path}:${index + 1}: ${name}`);
      });
    }
    return problems;
  },
};

function nameProblems(path: string): readonly string[] {
  const name = basename(path);
  if (badNames.test(name)) return [`${path}: a file is named after what it holds`];
  if (!kebabCase.test(name)) return [`${path}: a file's name is in kebab-case`];
  if (name === "index.ts" && !/^packages\/\w+\/(templates\/\w+\/)?src\/(testing\/)?index\.ts$/.test(path))
    return [`${path}: index.ts is a package's front door only`];
  return [];
}

/** Puts an import that the formatter spread over lines on its first one; the others stay, empty. */
function joinImports(lines: readonly string[]): readonly string[] {
  const joined = [...lines];
  for (const [start, line] of lines.entries()) {
    if (!/^(import|export) (type )?\{$/.test(line)) continue;
    const end = lines.findIndex((other, at) => at > start && other.startsWith("}"));
    if (end < 0) continue;
    joined[start] = lines.slice(start, end + 1).join(" ");
    joined.fill("", start + 1, end + 1);
  }
  return joined;
}

/** Where the statement began that a line like `) as Name;` ends: there its comment stands. */
function statementStart(lines: readonly string[], index: number): number {
  const closing = /^( *)[)\]}]/.exec(lines[index] ?? "");
  if (closing === null) return index;
  const sameIndentation = new RegExp(`^${closing[1]}[^ )\\]}]`);
  return lines.findLastIndex((line, at) => at < index && sameIndentation.test(line));
}

function isCast(line: string): boolean {
  const code = withoutComment(line);
  return (
    /\bas (?!const\b)[A-Za-z{(]/.test(code.replaceAll(/"[^"]*"|`[^`]*`/g, "")) &&
    !/^\s*import\b|^\s*export (\{|\*)|^\s*\w+ as \w+,?$|\{.* as .*\} from/.test(code)
  );
}

function isComment(line: string): boolean {
  return /^\s*(\/\/|\*|\/\*)/.test(line);
}

function withoutComment(line: string): string {
  return isComment(line) ? "" : line.replace(/\s\/\/.*$/, "");
}
