import { expect, test } from "vitest";
import { restartDelayMs } from "./restart-delay.ts";

test("a worker that lived a while is replaced at once, whatever was before", () => {
  expect(restartDelayMs(60_000, 7)).toEqual({ delayMs: 0, quickDeaths: 0 });
});

test("workers that die soon after their start are replaced at once, then later each time, up to a bound", () => {
  const delays: number[] = [];
  let deaths = 0;
  for (let death = 0; death < 10; death++) {
    const { delayMs, quickDeaths } = restartDelayMs(300, deaths);
    deaths = quickDeaths;
    delays.push(delayMs);
  }
  expect(delays).toEqual([0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
});
