import { PerformanceObserver } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, expect, it, vi } from "vitest";
import { bodyBuffer } from "./body-buffer.ts";

const mib = 1024 * 1024;

afterEach(() => {
  vi.unstubAllGlobals();
});

it("asks for the young to be collected once many bytes were given out, and not sooner", () => {
  const gc = vi.fn();
  vi.stubGlobal("gc", gc);
  for (let given = 0; gc.mock.calls.length === 0 && given < 100; given++) bodyBuffer(mib);
  gc.mockClear();
  for (let given = 0; given < 11; given++) bodyBuffer(mib);
  expect(gc).not.toHaveBeenCalled();
  bodyBuffer(mib);
  expect(gc.mock.calls).toEqual([[{ type: "minor" }]]);
});

it("gives a buffer of the length asked for where the process has no such function", () => {
  vi.stubGlobal("gc", undefined);
  const lengths = [0, 1, 12 * mib, 12 * mib].map((length) => bodyBuffer(length).length);
  expect(lengths).toEqual([0, 1, 12 * mib, 12 * mib]);
});

it("counts anew after a collection that was not asked for", async () => {
  const collect = globalThis.gc ?? exposedGc();
  const gc = vi.fn();
  vi.stubGlobal("gc", gc);
  const isSeen = new Promise<void>((resolve) => {
    new PerformanceObserver((_entries, observer) => {
      observer.disconnect();
      resolve();
    }).observe({ entryTypes: ["gc"] });
  });
  for (let given = 0; given < 11; given++) bodyBuffer(mib);
  gc.mockClear();
  collect();
  await isSeen;
  for (let given = 0; given < 11; given++) bodyBuffer(mib);
  expect(gc).not.toHaveBeenCalled();
});

/** The collector of a process that was started without `--expose-gc`. */
function exposedGc(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc");
}
