import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { findService } from "../../tools/services.ts";
import type { ProfileName, Volume } from "../load/k6/profiles.ts";

/** Where k6 is; undefined on a machine without one. */
export const k6Program = findService("k6");

/** What k6 is to send, and to whom. */
export type ChatLoad = Volume & {
  readonly url: string;
  readonly key: string;
  readonly profile: ProfileName;
  /** Answers are no longer than that, whatever the trace says. Default: as the trace says. */
  readonly mostTokens?: number;
  /** Whether each call has a connection of its own. Default false. */
  readonly hasOwnConnections?: boolean;
  /** Above that for the first token of 95 in 100 streams, the run has failed. Default 120,000, the longest that a call takes. */
  readonly firstTokenP95Ms?: number;
};

/** What k6 found. Times are in milliseconds. */
export type ChatReport = {
  /** Calls that were answered or failed, and those that k6 had no user for. */
  readonly calls: number;
  readonly dropped: number;
  readonly failed: number;
  /** Of those answered with 200, the ones that did not come to their own end. */
  readonly cut: number;
  readonly rest: Times;
  readonly stream: Times;
  /** Until the first byte of a stream. */
  readonly firstToken: Times;
  /** The thresholds that were not held, as `metric: threshold`. */
  readonly crossed: readonly string[];
  /** What k6 said of calls that went wrong, from its standard error. */
  readonly problems: string;
};

const times = z.object({ count: z.number(), med: z.number(), "p(95)": z.number(), "p(99)": z.number() });
export type Times = z.output<typeof times>;

const metric = z.object({
  values: z.record(z.string(), z.number()),
  thresholds: z.record(z.string(), z.object({ ok: z.boolean() })).optional(),
});
const summary = z.object({
  root_group: z.object({ checks: z.array(z.object({ name: z.string(), fails: z.number() })) }),
  metrics: z.record(z.string(), metric),
});

const script = fileURLToPath(new URL("../load/k6/chats.ts", import.meta.url));

/** Runs k6 to its end. Throws when it ends without having told what it found. */
export async function runK6(load: ChatLoad): Promise<ChatReport> {
  if (k6Program === undefined) throw new Error("k6 is not installed");
  const folder = await mkdtemp(join(tmpdir(), "llm-platform-k6-"));
  const summaryFile = join(folder, "summary.json");
  try {
    const child = spawn(k6Program, ["run", "--quiet", "--no-usage-report", script], {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
      env: {
        PATH: process.env["PATH"],
        HOME: folder,
        K6_AUTO_EXTENSION_RESOLUTION: "false",
        URL: load.url,
        KEY: load.key,
        PROFILE: load.profile,
        SECONDS: String(load.seconds),
        PER_SECOND: String(load.perSecond),
        MOST_TOKENS: String(load.mostTokens ?? Number.MAX_SAFE_INTEGER),
        OWN_CONNECTIONS: String(load.hasOwnConnections ?? false),
        FIRST_TOKEN_P95_MS: String(load.firstTokenP95Ms ?? 120_000),
        SUMMARY: summaryFile,
      },
    });
    const problems = await text(child.stderr);
    const told = await readFile(summaryFile, "utf8").catch((cause: unknown) => {
      throw new Error(`k6 did not tell what it found:\n${problems}`, { cause });
    });
    return toReport(summary.parse(JSON.parse(told)), problems);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function toReport({ root_group, metrics }: z.output<typeof summary>, problems: string): ChatReport {
  const countOf = (name: string) => metrics[name]?.values["count"] ?? 0;
  const timesOf = (name: string) => times.parse(metrics[name]?.values);
  const failsOf = (name: string) => root_group.checks.find((each) => each.name === name)?.fails ?? 0;
  const failed = failsOf("is answered with 200");
  return {
    calls: countOf("http_reqs"),
    dropped: countOf("dropped_iterations"),
    failed,
    cut: failsOf("comes to its own end") - failed,
    rest: timesOf("http_req_duration{kind:rest}"),
    stream: timesOf("http_req_duration{kind:sse}"),
    firstToken: timesOf("http_req_waiting{kind:sse}"),
    crossed: Object.entries(metrics).flatMap(([name, { thresholds = {} }]) =>
      Object.entries(thresholds)
        .filter(([, { ok }]) => !ok)
        .map(([threshold]) => `${name}: ${threshold}`),
    ),
    problems: problems
      .split("\n")
      .filter((line) => !line.includes("thresholds on metrics"))
      .join("\n"),
  };
}
