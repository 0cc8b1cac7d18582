import { expect, test } from "vitest";
import { type FrameReport, toFrames } from "./frames.ts";

const report = (atMs: number, state: string, more: Partial<FrameReport> = {}): FrameReport => ({
  process: 1,
  atMs,
  state: `STATE_${state}`,
  isSeen: false,
  isIncomplete: false,
  ...more,
});

test("counts what was shown, dropped for all to see, and shown with a part missing", () => {
  expect(
    toFrames([
      report(0, "PRESENTED_ALL"),
      report(16, "DROPPED", { isSeen: true }),
      report(33, "DROPPED"),
      report(50, "PRESENTED_PARTIAL", { isIncomplete: true }),
    ]),
  ).toEqual({ shown: 2, dropped: 1, incomplete: 1, longestMs: 50 });
});

test("a pause in which nothing was to be shown is no long frame", () => {
  const frames = [report(0, "PRESENTED_ALL"), report(16, "NO_UPDATE_DESIRED"), report(500, "PRESENTED_ALL")];
  expect(toFrames(frames).longestMs).toBe(0);
});

test("looks at the process with the most frames", () => {
  const others = [report(0, "DROPPED", { process: 2, isSeen: true })];
  const own = [report(0, "PRESENTED_ALL"), report(16, "PRESENTED_ALL")];
  expect(toFrames([...others, ...own])).toMatchObject({ shown: 2, dropped: 0 });
});

test("of no reports there are no frames", () => {
  expect(toFrames([])).toEqual({ shown: 0, dropped: 0, incomplete: 0, longestMs: 0 });
});
