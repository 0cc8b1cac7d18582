import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Budget, formatLimit, isWithin, type Limit, parseBudget } from "./budget.ts";
import { type Further, readFurther } from "./further.ts";
import { type Figure, type FigurePlace, metricOf } from "./figures.ts";
import type { Missing } from "./missing.ts";
import { targets } from "./ratios.ts";
import type { Results } from "./results.ts";
import type { LoadKind } from "./scenarios.ts";

/** Writes `results.json` and `results.md` into a folder. @returns the path of the readable one */
export async function writeResults(folder: string, results: Results, budget: Budget): Promise<string> {
  await writeFile(join(folder, "results.json"), `${JSON.stringify(results, roundNumber, 2)}\n`);
  const readable = join(folder, "results.md");
  await writeFile(readable, formatResults(results, budget, await readFurther(folder)));
  return readable;
}

/** Writes `results.md` anew from the results of the last whole run and what other questions found out since. */
export async function rewriteReport(folder: string): Promise<string> {
  const results: Results = JSON.parse(await readFile(join(folder, "results.json"), "utf8"));
  return writeResults(folder, results, parseBudget(await readFile(join(folder, "budget.json"), "utf8")));
}

/** Four digits say more than the measurement can. */
function roundNumber(_key: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(4)) : value;
}

const introduction = `Written by \`npm run bench\`; do not edit. Gateways have core 0 to themselves, upstream and load share core 1, in
interleaved rounds; a figure is the quartile of its rounds that the machine disturbed least. Machines differ and drift, so
only the ratios of this one run say something about the program; beside each is its range over single rounds.`;

/** The report as Markdown. */
export function formatResults(results: Results, budget: Budget, further: readonly Further[] = []): string {
  const parts = [
    "# Benchmark results",
    introduction,
    "## Conditions",
    formatTable(["what", "which"], Object.entries(results.conditions)),
    ...formatMissing(results.missing),
    "## Ratios and budget",
    formatRatios(results, budget),
    ...formatStarts(results.figures),
    ...sections.flatMap((section) => formatSection(section, results.figures)),
    ...further.flatMap(formatFurther),
  ];
  if (results.problems.length > 0)
    parts.push("## Problems", results.problems.map((problem) => `- ${problem}`).join("\n"));
  return `${parts.join("\n\n")}\n`;
}

function formatMissing(missing: Missing): readonly string[] {
  const lines = Object.entries(missing).map(([name, reason]) => `- ${name}: ${reason}`);
  return lines.length === 0 ? [] : ["## Missing contestants", lines.join("\n")];
}

function formatRatios({ ratios }: Results, budget: Budget): string {
  const measured = Object.entries(ratios).map(([name, { value, rounds }]) => {
    const spread =
      rounds.length > 1 ? `${formatNumber(Math.min(...rounds))} to ${formatNumber(Math.max(...rounds))}` : "";
    return [
      name,
      formatNumber(value),
      spread,
      ...formatVerdict(budget.get(name), value),
      ...formatVerdict(targets.get(name), value),
    ];
  });
  const unmeasured = [...new Set([...budget.keys(), ...targets.keys()])]
    .filter((name) => !(name in ratios))
    .map((name) => [
      name,
      "not measured",
      "",
      ...formatVerdict(budget.get(name), undefined),
      ...formatVerdict(targets.get(name), undefined),
    ]);
  const titles = ["ratio", "measured", "rounds", "budget", "kept", "target", "reached"];
  return formatTable(titles, [...measured, ...unmeasured]);
}

/** What was asked by itself has conditions of its own. */
function formatFurther({ title, note, conditions, columns, rows }: Further): readonly string[] {
  const under = Object.entries(conditions).map(([name, value]) => `${name}: ${value}`);
  return [`## ${title}`, note, formatTable(columns, rows), `Measured under ${under.join("; ")}.`];
}

/** A limit, and whether the value is within it; both empty where there is none. */
function formatVerdict(limit: Limit | undefined, value: number | undefined): readonly [string, string] {
  if (limit === undefined) return ["", ""];
  const verdict = value === undefined ? "" : isWithin(limit, value) ? "yes" : "**no**";
  return [formatLimit(limit), verdict];
}

interface Column {
  readonly title: string;
  readonly metric: string;
}

interface Section {
  readonly title: string;
  readonly kind: LoadKind;
  readonly columns: readonly Column[];
}

const peak = { title: "peak memory, MiB", metric: "peakMib" };
const share = { title: "share of its core", metric: "cpuShare" };

const sections: readonly Section[] = [
  {
    title: "JSON: 50 connections, each sends its next request after the reply (0.8 KB)",
    kind: "json",
    columns: [
      { title: "CPU µs per request", metric: "cpuMicrosPerRequest" },
      { title: "requests per second", metric: "requestsPerSecond" },
      share,
      peak,
    ],
  },
  {
    title: "Server-sent events: 50 streams of 100 events, one per 10 ms (paced) or without delay (burst)",
    kind: "sse",
    columns: [
      { title: "CPU µs per event", metric: "cpuMicrosPerEvent" },
      { title: "events per second", metric: "eventsPerSecond" },
      { title: "event p50, µs", metric: "eventP50Micros" },
      { title: "event p99, µs", metric: "eventP99Micros" },
      share,
      peak,
    ],
  },
  {
    title: "Latency at a fixed rate, 1 KB requests, from the instant at which each was due",
    kind: "rate",
    columns: [{ title: "p50, µs", metric: "p50Micros" }, { title: "p99, µs", metric: "p99Micros" }, share],
  },
  {
    title: "Open idle streams: growth of resident memory after the first event of each",
    kind: "idle",
    columns: [
      { title: "bytes per stream", metric: "bytesPerStream" },
      { title: "CPU µs to open one", metric: "cpuMicrosPerStream" },
      { title: "resident memory, MiB", metric: "residentMib" },
    ],
  },
];

function formatSection({ title, kind, columns }: Section, figures: readonly Figure[]): readonly string[] {
  const own = figures.filter((figure) => figure.kind === kind);
  if (own.length === 0) return [];
  const added = kind === "rate" ? addedColumns : [];
  const titles = [
    "scenario",
    "contestant",
    ...columns.map((column) => column.title),
    ...added.map((column) => column.title),
  ];
  const rows = own.map(({ scenario, contestant }) => [
    scenario,
    contestant,
    ...columns.map(({ metric }) => formatNumber(metricOf(figures, { scenario, contestant, metric }))),
    ...added.map(({ metric }) => formatNumber(addedOverDirect(figures, { scenario, contestant, metric }))),
  ]);
  return [`## ${title}`, formatTable(titles, rows)];
}

/** Each start by itself: the server's own part, and what Node takes before the server's first line runs. */
function formatStarts(figures: readonly Figure[]): readonly string[] {
  const rounds = figures.filter(({ kind }) => kind === "start").flatMap((figure) => figure.rounds);
  if (rounds.length === 0) return [];
  const rows = rounds.map((metrics, index) => [
    String(index + 1),
    formatNumber(metrics?.["startToReadyMs"]),
    formatNumber(metrics?.["beforePlatformMs"]),
    formatNumber(metrics?.["platformTookMs"]),
  ]);
  const titles = ["start", "from spawn to ready, ms", "Node and modules, ms", "took_ms of platform.started"];
  return [
    "## Start to ready: no configuration, the models that come with it, the data folder exists",
    formatTable(titles, rows),
  ];
}

const addedColumns: readonly Column[] = [
  { title: "added p50, µs", metric: "p50Micros" },
  { title: "added p99, µs", metric: "p99Micros" },
];

/** What the gateway adds to the way without one. */
function addedOverDirect(figures: readonly Figure[], place: FigurePlace): number | undefined {
  const own = metricOf(figures, place);
  const direct = metricOf(figures, { ...place, contestant: "direct" });
  return place.contestant === "direct" || own === undefined || direct === undefined
    ? undefined
    : own - direct;
}

/** Thousands without decimals, small numbers with three digits; a dash where nothing was measured. */
function formatNumber(value: number | undefined): string {
  if (value === undefined) return "–";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

function formatTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [titles, titles.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return lines.join("\n");
}
