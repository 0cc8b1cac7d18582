import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Guard } from "./guard.ts";
import { listSources } from "./sources.ts";

const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));

/** The script of an installed package's command. */
function script(packageName: string, path: string): string {
  return join(modules, packageName, path);
}

interface Result {
  readonly status: number;
  readonly stdout: string;
  /** Both streams together, as they came. */
  readonly output: string;
}

/** Runs a script on this Node, in `root`. */
export function runScript(root: string, args: readonly string[]): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.once("error", reject);
    child.once("close", (status) => resolve({ status: status ?? 1, stdout, output }));
  });
}

interface CommandGuard extends Omit<Guard, "find"> {
  readonly args: readonly string[];
}

function commandGuard({ args, ...rest }: CommandGuard): Guard {
  return {
    ...rest,
    async find(root) {
      const { status, output } = await runScript(root, args);
      return status === 0 ? [] : output.split("\n").filter((line) => line.trim() !== "");
    },
  };
}

const tsc = script("typescript", "bin/tsc");
const cruiser = script("dependency-cruiser", "bin/dependency-cruiser.mjs");

interface CruiseResult {
  readonly modules: readonly { readonly source: string }[];
  readonly summary: {
    readonly violations: readonly {
      readonly from: string;
      readonly to: string;
      readonly rule: { readonly name: string };
    }[];
  };
}

/**
 * dependency-cruiser, and proof that it saw the tree: without a parser for TypeScript it sees nothing and is
 * content. Nine in ten of the source files is the least; test data and guests may be left out.
 */
const dependencyGuard: Guard = {
  name: "dependencies",
  remedy: "imports point down only; each rule in .dependency-cruiser.mjs says what to do",
  async find(root) {
    const args = ["--config", ".dependency-cruiser.mjs", "--output-type", "json", "packages"];
    const { stdout, output } = await runScript(root, [cruiser, ...args]);
    if (!stdout.startsWith("{")) return [`dependency-cruiser gave no result: ${output.trim().slice(0, 500)}`];
    const { modules, summary }: CruiseResult = JSON.parse(stdout);
    const problems = summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`);
    const sources = (await listSources(root)).filter((path) => /^packages\/.*\.tsx?$/.test(path));
    const seen = new Set(modules.map(({ source }) => source));
    const unseen = sources.filter((path) => !seen.has(path));
    if (unseen.length > sources.length / 10)
      problems.push(
        `dependency-cruiser saw ${sources.length - unseen.length} of ${sources.length} source files (${unseen[0]} is unseen)`,
      );
    return problems;
  },
};

/** Guards that are tools of others; the build comes first. */
export const commandGuards: readonly Guard[] = [
  commandGuard({ name: "build", remedy: "mend the types", args: [tsc, "-b"] }),
  commandGuard({
    name: "format",
    remedy: "npm run format",
    args: [script("@biomejs/biome", "bin/biome"), "format", "."],
  }),
  commandGuard({
    name: "lint",
    remedy: "see .oxlintrc.json",
    needsBuild: true,
    args: [script("oxlint", "bin/oxlint"), "--type-aware", "--tsconfig", "tsconfig.check.json"],
  }),
  commandGuard({
    name: "types",
    remedy: "mend the types of tests and tools",
    needsBuild: true,
    args: [tsc, "-p", "tsconfig.check.json"],
  }),
  dependencyGuard,
  commandGuard({ name: "dead code", remedy: "delete it, or use it", args: [script("knip", "bin/knip.js")] }),
  commandGuard({
    name: "dead code in production",
    remedy: "delete what only tests use",
    args: [script("knip", "bin/knip.js"), "--production"],
  }),
  commandGuard({
    name: "drift",
    remedy: "node tools/generate.ts",
    needsBuild: true,
    args: ["tools/generate.ts", "--check"],
  }),
];
