import { parseArgs } from "node:util";
import { type AbandonReport, runAbandoned } from "./abandon-run.ts";
import { liveBytes } from "./measured-server.ts";

const usage = `Usage: node test/soak/abandon.ts [options]
Lets clients abandon streams of the built server at random moments, by FIN and by RST, and compares what the server holds
afterwards with what it held before: connections to the upstream, live memory, descriptors. Needs Linux.
  --streams N    default 100000
  --warm-up N    streams before the first measure, default 25000: by then the checkpointer has its thread and its files
  --seed N       default 1
  --callers N    streams at once, default 100
`;

/** What a server may hold more at the end than before: the noise of one measure. */
const mostGrowthBytes = 1024 * 1024;
/** Kept connections are closed after 60 s of rest, and looked at every 5 s. */
const patienceMs = 75_000;
const tellEvery = 10_000;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      streams: { type: "string", default: "100000" },
      "warm-up": { type: "string", default: "25000" },
      seed: { type: "string", default: "1" },
      callers: { type: "string", default: "100" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const streams = Number(values.streams);
  const report = await runAbandoned({
    streams,
    warmUpStreams: Number(values["warm-up"]),
    seed: Number(values.seed),
    callers: Number(values.callers),
    patienceMs,
    onProgress: (done) => {
      if (done % tellEvery === 0) process.stderr.write(`${done} of ${streams} streams\n`);
    },
  });
  const problems = findProblems(report);
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  process.stdout.write(
    problems.length === 0 ? "nothing is left of what was abandoned\n" : `${problems.join("\n")}\n`,
  );
  process.exitCode = problems.length === 0 ? 0 : 1;
}

function findProblems({
  before,
  after,
  upstreamConnections,
  callsInFlight,
}: AbandonReport): readonly string[] {
  const growthBytes = liveBytes(after) - liveBytes(before);
  const growth = after.descriptors - before.descriptors;
  return [
    ...(upstreamConnections > 0 ? [`${upstreamConnections} connections to the upstream are open`] : []),
    ...(callsInFlight > 0 ? [`${callsInFlight} calls are in flight`] : []),
    ...(growthBytes > mostGrowthBytes ? [`${growthBytes} bytes more are alive`] : []),
    ...(growth > 0 ? [`${growth} more descriptors are open`] : []),
  ];
}

await main();
