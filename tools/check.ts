import { parseArgs } from "node:util";
import { type Guard, runGuard } from "./guards/guard.ts";
import { consoleTextGuard } from "./guards/console-texts.ts";
import { commandGuards } from "./guards/commands.ts";
import { linkGuard } from "./guards/links.ts";
import { packedKitGuard } from "./guards/packed-kit.ts";
import { sizeGuard } from "./guards/size.ts";
import { styleGuard } from "./guards/style.ts";

/** `npm run check`: every guard, one line each; `--only name` for one of them. */
const guards: readonly Guard[] = [
  ...commandGuards,
  sizeGuard,
  styleGuard,
  consoleTextGuard,
  linkGuard,
  packedKitGuard,
];

const { values } = parseArgs({ options: { only: { type: "string" } } });
const named = guards.filter(({ name }) => values.only === undefined || name === values.only);
const isBuildNeeded = named.some(({ needsBuild }) => needsBuild);
const chosen = guards.filter((guard) => named.includes(guard) || (isBuildNeeded && guard.name === "build"));
if (chosen.length === 0) {
  console.error(
    `no guard is called ${values.only ?? ""}; there are: ${guards.map(({ name }) => name).join(", ")}`,
  );
  process.exit(2);
}

let failed = 0;
for (const guard of chosen) {
  const startedAtMs = performance.now();
  const problems = await runGuard(guard, process.cwd());
  const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(1);
  console.log(`${problems.length === 0 ? "ok    " : "FAILED"} ${guard.name} (${seconds} s)`);
  if (problems.length === 0) continue;
  failed++;
  for (const problem of problems.slice(0, 100)) console.log(`  ${problem}`);
  console.log(`  → ${guard.remedy}`);
}
process.exitCode = failed === 0 ? 0 : 1;
