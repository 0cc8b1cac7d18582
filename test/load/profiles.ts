import { readFileSync } from "node:fs";

/** When calls come, in milliseconds from the start, in their order. */
export type Arrivals = readonly number[];

/** Shapes of load, each for so many seconds with so many calls a second at its usual pace. */
export const profiles = {
  /** The usual pace. */
  load: (seconds: number, perSecond: number) => arrive(seconds, () => perSecond),
  /** From nothing to four times the usual pace. */
  stress: (seconds: number, perSecond: number) =>
    arrive(seconds, (atSeconds) => Math.max(1, (4 * perSecond * atSeconds) / seconds)),
  /** A tenth of the time at ten times the usual pace. */
  spike: (seconds: number, perSecond: number) =>
    arrive(
      seconds,
      (atSeconds) => (atSeconds > seconds * 0.45 && atSeconds < seconds * 0.55 ? 10 : 1) * perSecond,
    ),
  /** The arrivals of people's conversations with a service, as fast as to keep the usual pace. */
  trace: (seconds: number, perSecond: number) => replay(seconds, perSecond),
} as const satisfies Readonly<Record<string, (seconds: number, perSecond: number) => Arrivals>>;

export type ProfileName = keyof typeof profiles;

function arrive(seconds: number, paceAt: (seconds: number) => number): Arrivals {
  const times: number[] = [];
  for (let at = 0; at < seconds; at += 1 / paceAt(at)) times.push(at * 1_000);
  return times;
}

function replay(seconds: number, perSecond: number): Arrivals {
  const lines = readFileSync(new URL("traces/azure-conversations.csv", import.meta.url), "utf8")
    .trim()
    .split("\n");
  const times = lines
    .slice(1, 1 + seconds * perSecond)
    .map((line) => Date.parse(`${line.split(",", 1)[0]}Z`));
  const first = times.at(0) ?? 0;
  const last = times.at(-1) ?? 1;
  return times.map((time) => ((time - first) / (last - first)) * seconds * 1_000);
}
