import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Stryker } from "@stryker-mutator/core";
import { type Part, parts, partOf } from "./parts.ts";

/**
 * `npm run mutation -- [PART…] [--file FILE]… [--concurrency N]`: changes the code in small ways, and names the changes
 * that no test noticed. Reports are written to coverage/mutation/PART.html and .json. Ends with 1 when a part has a lower
 * score than it has to. Needs a build.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    file: { type: "string", multiple: true },
    concurrency: { type: "string", default: String(Math.max(1, availableParallelism() - 1)) },
  },
});

const chosen = (positionals.length === 0 ? parts : positionals.map(partOf)).flatMap((part) => {
  const files = part.files.filter((file) => values.file?.includes(file) ?? true);
  return files.length === 0 ? [] : [{ ...part, files }];
});
if (chosen.length === 0) throw new Error(`no part mutates ${values.file?.join(", ") ?? "anything"}`);
for (const part of chosen) await mutate(part);

/** The score is judged by Stryker, which sets the exit code. */
async function mutate({ name, files, leastScore }: Part): Promise<void> {
  process.env["MUTATION_PART"] = name;
  await new Stryker({
    testRunner: "vitest",
    plugins: ["@stryker-mutator/vitest-runner"],
    vitest: { configFile: "test/mutation/vitest.config.ts", related: true },
    mutate: [...files],
    // What the tests of these files read, and nothing else, is copied.
    ignorePatterns: [
      "**",
      "!packages/{server,kit}/src/**",
      "!packages/*/{package,tsconfig}.json",
      "!contracts/**",
      "!test/**",
      "!tsconfig*.json",
      "!package.json",
    ],
    tempDirName: "coverage/mutation/sandbox",
    concurrency: Number(values.concurrency),
    // A value that is made when its file is loaded has a test runner of its own for each mutant.
    ignoreStatic: true,
    // TypeScript 7 has no interface for programs: the sources are run as they are.
    tsconfigFile: "none",
    // An endless loop in what is mutated is noticed by its count of rounds; this is for one elsewhere.
    timeoutMS: 15_000,
    thresholds: { high: 100, low: leastScore, break: leastScore },
    reporters: ["clear-text", "html", "json"],
    clearTextReporter: { allowColor: false, reportTests: false, logTests: false },
    htmlReporter: { fileName: `coverage/mutation/${name}.html` },
    jsonReporter: { fileName: `coverage/mutation/${name}.json` },
  }).runMutationTest();
}
