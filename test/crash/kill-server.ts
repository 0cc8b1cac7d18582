import { parseArgs } from "node:util";
import { builtServer } from "../e2e/start-platform.ts";
import { runKills } from "./kill-run.ts";

const usage = `Usage: node test/crash/kill-server.ts [options]
Kills the built server at random moments under load and compares its ledger with what clients saw.
  --kills N      default 1000
  --seed N       default 1
  --callers N    calls at once, default 40
  --workers N    workers of the server, each of which may be killed before it is; default 0
  --entry FILE   the server's entry point, default packages/server/bundle/main.js
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kills: { type: "string", default: "1000" },
      seed: { type: "string", default: "1" },
      callers: { type: "string", default: "40" },
      workers: { type: "string", default: "0" },
      entry: { type: "string", default: builtServer },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const kills = Number(values.kills);
  const { violations, ...figures } = await runKills({
    kills,
    seed: Number(values.seed),
    callers: Number(values.callers),
    workers: Number(values.workers),
    entry: values.entry,
    onKill: (done, found) => {
      if (done % 50 === 0) process.stderr.write(`${done} of ${kills} kills, ${found.length} violations\n`);
    },
  });
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  for (const violation of violations) process.stdout.write(`violation: ${violation}\n`);
  process.stdout.write(
    violations.length === 0
      ? "every reply that ended has its one row\n"
      : `${violations.length} violations\n`,
  );
  process.exitCode = violations.length === 0 ? 0 : 1;
}

await main();
