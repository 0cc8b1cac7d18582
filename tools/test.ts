import { spawnSync } from "node:child_process";

/** `npm test`: builds, then runs every test. Arguments go to vitest. */
function run(command: string, args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, [command, ...args], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

run("node_modules/typescript/bin/tsc", ["-b"]);
run("node_modules/vitest/vitest.mjs", ["run", ...process.argv.slice(2)]);
