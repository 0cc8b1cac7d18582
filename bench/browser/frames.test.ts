import { expect, test } from "vitest";
import { type FrameReport, toFrames as toWatchedFrames } from "./frames.ts";

const report = (atMs: number, state: string, more: Partial<FrameReport> = {}): FrameReport => ({
  process: 1,
  frame: String(atMs),
  atMs,
  state: `STATE_${state}`,
  isIncomplete: false,
  ...more,
});

const toFrames = (reports: readonly FrameReport[]) => toWatchedFrames(reports, () => false);

test("counts what was shown, dropped, and shown with a part missing", () => {
  expect(
    toFrames([
      report(0, "PRESENTED_ALL"),
      report(16, "DROPPED"),
      report(33, "NO_UPDATE_DESIRED"),
      report(50, "PRESENTED_PARTIAL", { isIncomplete: true }),
      report(66, "PRESENTED_ALL"),
    ]),
  ).toEqual({ shown: 3, dropped: 1, incomplete: 1, longestMs: 16, slow: 0, slowDropped: 0 });
});

test("a frame that is reported twice is one, and was shown where one of the reports says so", () => {
  const twice = (one: string, other: string) =>
    toFrames([report(0, one, { isIncomplete: one.endsWith("PARTIAL") }), report(0, other)]);
  expect(twice("PRESENTED_PARTIAL", "PRESENTED_ALL")).toMatchObject({ shown: 1, dropped: 0, incomplete: 1 });
  expect(twice("DROPPED", "PRESENTED_ALL")).toMatchObject({ shown: 1, dropped: 0, incomplete: 0 });
  expect(twice("DROPPED", "NO_UPDATE_DESIRED")).toMatchObject({ shown: 0, dropped: 1 });
});

test("a pause in which nothing was to be shown is no long frame", () => {
  const frames = [report(0, "PRESENTED_ALL"), report(16, "NO_UPDATE_DESIRED"), report(500, "PRESENTED_ALL")];
  expect(toFrames(frames).longestMs).toBe(0);
});

test("looks at the process with the most frames", () => {
  const others = [report(0, "DROPPED", { process: 2 })];
  const own = [report(0, "PRESENTED_ALL"), report(16, "PRESENTED_ALL")];
  expect(toFrames([...others, ...own])).toMatchObject({ shown: 2, dropped: 0 });
});

test("of no reports there are no frames", () => {
  expect(toFrames([])).toEqual({
    shown: 0,
    dropped: 0,
    incomplete: 0,
    longestMs: 0,
    slow: 0,
    slowDropped: 0,
  });
});

test("says which of the frames that were wanted came while the cores were slow", () => {
  const frames = [report(0, "DROPPED"), report(16, "DROPPED"), report(33, "PRESENTED_ALL")];
  const others = [report(50, "NO_UPDATE_DESIRED"), report(66, "PRESENTED_ALL")];
  expect(toWatchedFrames([...frames, ...others], (atMs) => atMs >= 16 && atMs < 60)).toMatchObject({
    shown: 2,
    dropped: 2,
    slow: 2,
    slowDropped: 1,
  });
});
