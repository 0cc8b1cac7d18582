import { parseArgs } from "node:util";
import { type Scenario, scenarios } from "./scenarios.ts";

export const usage = `npm run bench -- [options]
  --only NAMES     some scenarios, as json-1k,sse-paced; all are: ${scenarios.map(({ name }) => name).join(", ")}
  --rounds N       rounds that count; one more is run first and thrown away (default 12)
  --seconds N      length of one measurement (default 0.5)
  --quick          four short rounds, three starts, and 1,000 idle streams only
  --skip-build     measure packages/server/bundle as it is
A run with --only or --quick writes to bench/.build/, a whole one to bench/results.md and bench/results.json.
`;

export interface BenchOptions {
  readonly scenarios: readonly Scenario[];
  readonly rounds: number;
  /** How often this server's start is timed. */
  readonly starts: number;
  readonly seconds: number;
  readonly warmupSeconds: number;
  /** Whether all scenarios run at full length, so that the results stand for the commit. */
  readonly isWhole: boolean;
  readonly isBuilt: boolean;
}

/** @throws Error that names the flag and what it may be */
export function readOptions(argv: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      only: { type: "string" },
      rounds: { type: "string" },
      seconds: { type: "string" },
      quick: { type: "boolean", default: false },
      "skip-build": { type: "boolean", default: false },
    },
  });
  const isQuick = values.quick;
  const all = isQuick ? scenarios.filter(({ name }) => name !== "idle-5000") : scenarios;
  return {
    scenarios: values.only === undefined ? all : values.only.split(",").map(findScenario),
    rounds: readNumber("--rounds", values.rounds ?? (isQuick ? "4" : "12"), { from: 1, to: 100 }),
    seconds: readNumber("--seconds", values.seconds ?? (isQuick ? "0.4" : "0.5"), { from: 0.1, to: 60 }),
    starts: isQuick ? 3 : 9,
    warmupSeconds: isQuick ? 0.2 : 0.4,
    isWhole: values.only === undefined && !isQuick,
    isBuilt: values["skip-build"],
  };
}

function findScenario(wanted: string): Scenario {
  const found = scenarios.find(({ name }) => name === wanted);
  if (found === undefined)
    throw new Error(
      `--only: there is no scenario ${wanted}; there are ${scenarios.map(({ name }) => name).join(", ")}`,
    );
  return found;
}

function readNumber(
  flag: string,
  text: string,
  { from, to }: { readonly from: number; readonly to: number },
): number {
  const value = Number(text);
  const isWholeNumber = flag !== "--rounds" || Number.isInteger(value);
  if (!(value >= from && value <= to) || !isWholeNumber)
    throw new Error(`${flag} must be a number from ${from} to ${to}, not ${text}`);
  return value;
}
