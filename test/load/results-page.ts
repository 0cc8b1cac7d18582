import type { Conditions } from "../../bench/conditions.ts";
import { formatTable } from "../../tools/generators/markdown.ts";
import type { GrpcRunReport } from "./grpc-run.ts";
import type { ProfileReport } from "./profile-run.ts";

/** Everything that a whole run found. */
export type Figures = {
  readonly machine: Conditions;
  /** Of one server, and of two behind nginx. */
  readonly one: readonly ProfileReport[];
  readonly two: readonly ProfileReport[];
  readonly grpc: readonly GrpcRunReport[];
};

const begin = "<!-- figures, written by `npm run load` -->";
const end = "<!-- end of figures -->";

/** A page with its figures replaced. Throws where it has no place for them. */
export function withFigures(page: string, figures: string): string {
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined)
    throw new Error(`the page has no place between ${begin} and ${end}`);
  return `${before}${begin}\n\n${figures}\n${end}${after}`;
}

/** The figures in Markdown. */
export function formatFigures({ machine, one, two, grpc }: Figures): string {
  const conditions = Object.entries(machine).map(([name, text]) => `${name}: ${text}`);
  return [
    `${conditions.join(" · ")}`,
    ...section("### One server on SQLite", profileHead, one.map(profileRow)),
    ...section("### Two replicas behind nginx, on PostgreSQL and Redis", profileHead, two.map(profileRow)),
    ...section("### gRPC, one server", grpcHead, grpc.map(grpcRow)),
    "",
  ].join("\n\n");
}

const profileHead = [
  "profile",
  "calls",
  "failed",
  "cut",
  "not recorded",
  "not sent",
  "REST p50 / p95 / p99 ms",
  "SSE p50 / p95 / p99 ms",
  "first token p50 / p95 / p99 ms",
  "memory MiB",
  "thresholds not held",
];

function profileRow(report: ProfileReport): readonly string[] {
  const { profile, volume, calls, failed, cut, unrecorded, dropped, residentMb, crossed } = report;
  const counts = [calls, failed, cut, unrecorded, dropped].map(String);
  const times = [report.rest, report.stream, report.firstToken].map((each) =>
    [each.med, each["p(95)"], each["p(99)"]].map(Math.round).join(" / "),
  );
  return [
    `${profile}, ${volume.seconds} s at ${volume.perSecond}/s`,
    ...counts,
    ...times,
    residentMb.join(" → "),
    crossed.join("; "),
  ];
}

const grpcHead = ["method", "calls", "failed", "p50 / p95 / p99 ms"];

function grpcRow({ method, volume, calls, failed, p50Ms, p95Ms, p99Ms }: GrpcRunReport): readonly string[] {
  return [
    `${method}, ${volume.seconds} s at ${volume.perSecond}/s`,
    String(calls),
    Object.entries(failed)
      .map(([status, count]) => `${count} ${status}`)
      .join(", ") || "0",
    [p50Ms, p95Ms, p99Ms].map(Math.round).join(" / "),
  ];
}

function section(
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  return rows.length === 0 ? [] : [title, formatTable(head, rows)];
}
