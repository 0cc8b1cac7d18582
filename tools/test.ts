import { spawnSync } from "node:child_process";

/** `npm test`: builds, then runs every test. Arguments go to vitest. The last line is the count of tests. */
function run(command: string, args: readonly string[]): number {
  return spawnSync(process.execPath, [command, ...args], { stdio: "inherit" }).status ?? 1;
}

const isBuilt = run("tools/build.ts", []) === 0;
if (isBuilt) {
  process.exitCode = run("node_modules/vitest/vitest.mjs", ["run", ...process.argv.slice(2)]);
} else {
  console.log("the build failed: no test was run\n0 passed, 1 failed");
  process.exitCode = 1;
}
