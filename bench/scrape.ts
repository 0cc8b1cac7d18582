import { once } from "node:events";
import { get } from "node:http";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { createMetricsHandler } from "../packages/server/src/api/metrics.ts";
import { localAdmin } from "../packages/server/src/core/principal.ts";
import { createMetricRegistry } from "../packages/server/src/telemetry/registry.ts";
import { readMachine } from "./conditions.ts";
import { median } from "./figures.ts";
import { keepFurther } from "./further.ts";
import { startHttpServer } from "./http-server.ts";
import { rewriteReport } from "./report.ts";

/** `node bench/scrape.ts`: how long a scrape of 20,000 lines takes, and for how long it keeps the event loop. */
const wantedLines = 20_000;
const runs = 20;
const mostMs = 150;
const mostPauseMs = 20;

const benchFolder = fileURLToPath(new URL("./", import.meta.url));
const conditions = await readMachine(new Date());
const registry = createMetricRegistry();
const buckets = Array.from({ length: 16 }, (_, index) => 0.01 * 2 ** index);
const linesPerSeries = buckets.length + 3;
const labels = ["provider", "model", "operation"];
for (let family = 0, lines = 0; lines < wantedLines; family++) {
  const name = `bench_${family}_seconds`;
  const histogram = registry.histogram({ name, help: "h", type: "histogram", labels, buckets });
  for (let model = 0; model < 200 && lines < wantedLines; model++, lines += linesPerSeries)
    histogram.series("ollama", `model-${model}:8b-instruct-q4_K_M`, "chat").observe(model / 10);
}
const handler = createMetricsHandler({
  registry,
  process: { expose: async () => "", figures: async () => [] },
  authenticator: { authenticate: () => localAdmin },
  askOthers: async () => [],
});
const server = await startHttpServer((request, response) => handler(request, response, ""));

async function scrape(): Promise<number> {
  const startedAtMs = performance.now();
  const [response] = await once(get({ port: server.port, path: "/metrics" }), "response");
  response.resume();
  await once(response, "end");
  return performance.now() - startedAtMs;
}

const lines = registry.expose().split("\n").length - 1;
for (let run = 0; run < 5; run++) await scrape();
const delay = monitorEventLoopDelay({ resolution: 1 });
const measured: number[] = [];
const pauses: number[] = [];
for (let run = 0; run < runs; run++) {
  delay.reset();
  delay.enable();
  measured.push(await scrape());
  delay.disable();
  pauses.push(delay.max / 1e6);
}
server.stop();
// The median: one run may have been put aside by something else on the machine.
const report = {
  lines,
  scrape_ms: Number((median(measured) ?? Number.NaN).toFixed(1)),
  longest_pause_ms: Number((median(pauses) ?? Number.NaN).toFixed(1)),
};
console.log(JSON.stringify(report));
await keepFurther(benchFolder, "scrape", {
  title: "A scrape of many series",
  note: `\`node bench/scrape.ts\`: \`/metrics\` with ${lines.toLocaleString("en")} lines, ${runs} times. Wanted: at most ${mostMs} ms, and no pause of the event loop above ${mostPauseMs} ms.`,
  conditions,
  columns: ["what", "median"],
  rows: [
    ["ms for a scrape", String(report.scrape_ms)],
    ["ms of the longest pause in it", String(report.longest_pause_ms)],
  ],
});
console.log(`written to ${await rewriteReport(benchFolder)}`);
process.exitCode = report.scrape_ms <= mostMs && report.longest_pause_ms <= mostPauseMs ? 0 : 1;
