import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { findService } from "../../tools/services.ts";

/** Where ghz is; undefined on a machine without one. */
export const ghzProgram = findService("ghz");

/** What ghz is to send, and to whom. */
export type GrpcLoad = {
  readonly port: number;
  readonly key: string;
  readonly method: "Chat" | "ChatStream";
  readonly model: string;
  readonly seconds: number;
  readonly perSecond: number;
  /** Words of the question, which the upstream answers with as many. */
  readonly words: number;
};

/** What ghz found. Times are in milliseconds. */
export type GrpcReport = {
  readonly calls: number;
  /** How many ended with each status but OK, and what was said. */
  readonly failed: Readonly<Record<string, number>>;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
};

const report = z.object({
  count: z.number(),
  errorDistribution: z.record(z.string(), z.number()).optional(),
  latencyDistribution: z.array(z.object({ percentage: z.number(), latency: z.number() })),
});

const contracts = fileURLToPath(new URL("../../contracts", import.meta.url));
const connections = 5;
const mostBytes = 64 * 1024 * 1024;

/** Runs ghz to its end: calls come when they are due, whatever becomes of those before. */
export async function runGhz(load: GrpcLoad): Promise<GrpcReport> {
  if (ghzProgram === undefined) throw new Error("ghz is not installed");
  const question = { role: "user", content: "word ".repeat(load.words).trimEnd() };
  const flags = {
    "--proto": "platform.proto",
    "--import-paths": contracts,
    "--call": `llmplatform.v1.Inference/${load.method}`,
    "--metadata": JSON.stringify({ authorization: `Bearer ${load.key}` }),
    "--data": JSON.stringify({ model: load.model, max_tokens: load.words, messages: [question] }),
    "--total": String(load.seconds * load.perSecond),
    "--rps": String(load.perSecond),
    "--connections": String(connections),
    "--concurrency": String(connections * 10),
    "--format": "json",
  };
  const { stdout } = await promisify(execFile)(
    ghzProgram,
    ["--insecure", "--async", ...Object.entries(flags).flat(), `127.0.0.1:${load.port}`],
    { cwd: contracts, maxBuffer: mostBytes },
  );
  const { count, errorDistribution: failed = {}, latencyDistribution } = report.parse(JSON.parse(stdout));
  const at = (percentage: number) =>
    (latencyDistribution.find((each) => each.percentage === percentage)?.latency ?? Number.NaN) / 1_000_000;
  return { calls: count, failed, p50Ms: at(50), p95Ms: at(95), p99Ms: at(99) };
}
