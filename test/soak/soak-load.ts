import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { pickKey, type Random } from "../random.ts";
import { calls } from "./soak-calls.ts";

export type SoakLoadOptions = { readonly port: number; readonly perSecond: number; readonly random: Random };

/** Calls of every kind at a steady pace. */
export type SoakLoad = {
  /** How often each kind of call ended in which way. */
  readonly ends: ReadonlyMap<string, number>;
  /** Stops sending, and settles when no call is under way. Rejects when one does not end. */
  rest(): Promise<void>;
  resume(): void;
  /** As `rest`, for good. */
  stop(): Promise<void>;
};

const tickMs = 10;
/** As many as a busy machine works off before it counts as stuck. */
const mostUnderWay = 300;
const restLimitMs = 60_000;
const shares: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(calls).map(([kind, { share }]) => [kind, share]),
);

/** Starts to call. The pace is kept while the server keeps up; what it is then spared is counted. */
export function startSoakLoad({ port, perSecond, random }: SoakLoadOptions): SoakLoad {
  const kept = new Agent({ keepAlive: true, maxSockets: 64 });
  const ends = new Map<string, number>();
  const underWay = new Map<number, string>();
  let begun = 0;
  let isOn = true;
  let lastMs = performance.now();
  let due = 0;
  const count = (end: string): void => void ends.set(end, (ends.get(end) ?? 0) + 1);
  const callOnce = async (): Promise<void> => {
    const kind = pickKey(random, shares);
    const id = (begun += 1);
    underWay.set(id, kind);
    const end = await calls[kind]?.call({ port, random, kept });
    underWay.delete(id);
    count(`${kind}: ${end}`);
  };
  const ticking = setInterval(() => {
    const nowMs = performance.now();
    if (isOn) due += (perSecond * (nowMs - lastMs)) / 1_000;
    lastMs = nowMs;
    for (; due >= 1; due -= 1)
      if (underWay.size < mostUnderWay) void callOnce();
      else count("not sent, because too many others were under way");
  }, tickMs);
  const rest = async (): Promise<void> => {
    isOn = false;
    due = 0;
    for (const untilMs = performance.now() + restLimitMs; underWay.size > 0; await sleep(tickMs))
      if (performance.now() > untilMs)
        throw new Error(`these calls do not end: ${[...underWay.values()].join(", ")}`);
  };
  return {
    ends,
    rest,
    resume: () => {
      isOn = true;
    },
    stop: async () => {
      await rest();
      clearInterval(ticking);
      kept.destroy();
    },
  };
}
