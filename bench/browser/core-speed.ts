import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import * as z from "zod";

// A virtual machine shares its cores: for a tenth of a second they may be several times slower, in slices too short for a
// process that waits to notice, and the time is counted as that of whoever ran. So the cores are watched while frames are
// counted, by sums that always take as long.

/** When sums were done, and how long that took. */
export type SpeedReading = readonly [atMs: number, tookMs: number];

const program = fileURLToPath(new URL("core-watch.ts", import.meta.url));
const output = z.array(z.tuple([z.number(), z.number()]));
const cores = [0, 1];
/** A core is slow when it takes twice as long as it usually does. */
const slowFactor = 2;
/** A frame is made within the two before it is to be seen. */
const frameMs = 1_000 / 60;

/** Watches two cores. Needs the right to run before all other processes; without it there are no readings. */
export function watchCores(): { stop(): Promise<readonly SpeedReading[]> } {
  const watches = cores.map((core) => {
    const command = ["-f", "1", "taskset", "-c", String(core), process.execPath, program];
    const child = spawn("chrt", command, { stdio: ["pipe", "pipe", "ignore"] });
    return { child, written: text(child.stdout) };
  });
  return {
    async stop() {
      for (const { child } of watches) child.stdin.end();
      const written = await Promise.all(watches.map((watch) => watch.written));
      return written.flatMap((json) => (json === "" ? [] : output.parse(JSON.parse(json))));
    },
  };
}

/** Tells of a frame that began then whether the cores were slow from the one before it until its end. */
export function findSlow(readings: readonly SpeedReading[]): (frameAtMs: number) => boolean {
  const sorted = readings.map(([, tookMs]) => tookMs).toSorted((one, other) => one - other);
  const usualMs = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return (frameAtMs) => {
    const near = readings.filter(([atMs]) => atMs >= frameAtMs - 2 * frameMs && atMs < frameAtMs + frameMs);
    const meanMs = near.reduce((sum, [, tookMs]) => sum + tookMs, 0) / near.length;
    return meanMs > slowFactor * usualMs;
  };
}
