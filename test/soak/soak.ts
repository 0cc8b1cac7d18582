import { parseArgs } from "node:util";
import type { Slope } from "./slope.ts";
import { runSoak, type Sample, type SoakReport } from "./soak-run.ts";

const usage = `Usage: node test/soak/soak.ts [options]
Puts the built server under a mixed load for hours and fails when its memory grows by more than 1 MB per hour: streams and
whole replies, on new and on kept connections, abandoned ones, slow clients, refused requests, an upstream that fails in
every way by turns. Needs Linux.

Once a minute the load rests until no call is under way, the whole heap is collected twice, and what is left is noted. So
a measure holds neither garbage nor calls: what grows in it stays. The heap with the buffers beside it is precise to
some ten kilobytes and is judged by its slope. The resident memory holds also what the allocator keeps, and moves by
megabytes; descriptors hold the connections that clients keep. These are judged by their slope less two standard errors,
and may grow by one an hour. The ledger grows by design, on the disk.

  --hours H            default 24
  --warm-up-minutes M  what is not counted; default a sixth of the time, 60 at most
  --rate N             calls a second, default 150
  --sample-seconds S   default 60
  --seed N             default 1
`;

/** Megabytes, or descriptors. */
const mostPerHour = 1;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      hours: { type: "string", default: "24" },
      "warm-up-minutes": { type: "string" },
      rate: { type: "string", default: "150" },
      "sample-seconds": { type: "string", default: "60" },
      seed: { type: "string", default: "1" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const hours = Number(values.hours);
  const warmUpMinutes = Number(values["warm-up-minutes"] ?? Math.min(60, hours * 10));
  const report = await runSoak({
    hours,
    warmUpHours: warmUpMinutes / 60,
    perSecond: Number(values.rate),
    sampleSeconds: Number(values["sample-seconds"]),
    seed: Number(values.seed),
    onSample: (sample) => process.stdout.write(`${formatSample(sample)}\n`),
  });
  const { ends, live, rss, descriptors, exitCode } = report;
  process.stdout.write(`${JSON.stringify({ ends, live, rss, descriptors, exitCode }, null, 2)}\n`);
  const problems = findProblems(report);
  process.stdout.write(problems.length === 0 ? "nothing grows\n" : `${problems.join("\n")}\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

function formatSample({ hours, calls, heapBytes, externalBytes, rssBytes, ...sample }: Sample): string {
  const megabytes = (bytes: number): string => (bytes / 1_000_000).toFixed(2).padStart(7);
  const sizes = `heap ${megabytes(heapBytes)} MB, buffers ${megabytes(externalBytes)} MB, resident ${megabytes(rssBytes)} MB`;
  return `${hours.toFixed(3)} h, ${calls} calls, ${sizes}, ${sample.descriptors} descriptors and ${sample.upstreamConnections} to upstreams`;
}

/** A slope that cannot be told, for want of samples, is a problem too. */
function findProblems({ live, rss, descriptors, exitCode }: SoakReport): readonly string[] {
  return [
    ...(live.perHour <= mostPerHour ? [] : ["live memory grows"]),
    ...(isFlat(rss) ? [] : ["resident memory grows"]),
    ...(isFlat(descriptors) ? [] : ["descriptors grow"]),
    ...(exitCode === 0 ? [] : [`the server ended with ${exitCode}`]),
  ];
}

/** Whether chance can make the slope of what grows as slowly as it may. */
function isFlat({ perHour, error }: Slope): boolean {
  return perHour - 2 * error <= mostPerHour;
}

await main();
