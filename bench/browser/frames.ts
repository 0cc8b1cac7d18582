import type { Browser } from "playwright-core";
import { findSlow, watchCores } from "./core-speed.ts";

// A browser shows what its compositor drew, and the compositor scrolls without the page's own thread: the times between two
// calls of requestAnimationFrame say how busy that thread is, and asking for them makes it busy. So frames are counted where
// the browser itself does, by what its tracing reports of each. It reports one frame twice where the page's own thread was
// late: what it showed without that thread, and what became of the rest. And it asks whether somebody sees a drop, which it
// believes of a page with a listener to scrolling and not of one without. So frames are counted, not reports, and all drops.

/** What became of the frames in a while. */
export interface Frames {
  readonly shown: number;
  /** Wanted, and nothing shown in its time. */
  readonly dropped: number;
  /** Of those shown: without what the page's own thread had to add, or with a part that was not painted yet. */
  readonly incomplete: number;
  /** Between two that were shown, while one was wanted. */
  readonly longestMs: number;
  /** Of those shown and dropped: while the cores were slow. */
  readonly slow: number;
  /** Of those dropped: while the cores were slow. */
  readonly slowDropped: number;
}

const categories = ["cc", "benchmark", "__metadata"];

/**
 * Counts the frames of the page's process while something is done, and watches the cores. Only one page may be open in the
 * browser.
 */
export async function countFrames(browser: Browser, action: () => Promise<void>): Promise<Frames> {
  const session = await browser.newBrowserCDPSession();
  const events: unknown[] = [];
  session.on("Tracing.dataCollected", ({ value }) => events.push(...value));
  await session.send("Tracing.start", {
    traceConfig: { includedCategories: categories },
    transferMode: "ReportEvents",
  });
  const watch = watchCores();
  await action();
  const isSlow = findSlow(await watch.stop());
  const complete = Promise.withResolvers<unknown>();
  session.once("Tracing.tracingComplete", complete.resolve);
  await session.send("Tracing.end");
  await complete.promise;
  await session.detach();
  return toFrames(
    events.flatMap((event) => readReport(event) ?? []),
    isSlow,
  );
}

/** What Chromium's `PipelineReporter` says of one frame. */
export interface FrameReport {
  readonly process: number;
  /** Which frame it is of; the same of two reports of one. */
  readonly frame: string;
  readonly atMs: number;
  readonly state: string;
  readonly isIncomplete: boolean;
}

function readReport(event: unknown): FrameReport | undefined {
  // A part of Chromium's trace event format; whatever else an event has is not looked at.
  const { name, ph, pid, ts, args } = event as {
    name: string;
    ph: string;
    pid: number;
    ts: number;
    args: { frame_reporter?: Readonly<Record<string, unknown>> };
  };
  const report = args.frame_reporter;
  if (name !== "PipelineReporter" || ph !== "b" || report === undefined) return undefined;
  return {
    process: pid,
    frame: `${String(report["frame_source"])} ${String(report["frame_sequence"])}`,
    atMs: ts / 1_000,
    state: String(report["state"]),
    isIncomplete:
      report["state"] === "STATE_PRESENTED_PARTIAL" ||
      report["has_missing_content"] === true ||
      report["checkerboarded_needs_raster"] === true ||
      report["checkerboarded_needs_record"] === true,
  };
}

/** Of the process with the most frames, which is the page's: the browser's own window changes nothing. */
export function toFrames(reports: readonly FrameReport[], isSlow: (frameAtMs: number) => boolean): Frames {
  const byProcess = Map.groupBy(reports, ({ process }) => process);
  const [own = []] = [...byProcess.values()].toSorted((one, other) => other.length - one.length);
  const frames = [...Map.groupBy(own, ({ frame }) => frame).values()]
    .map(toFrame)
    .toSorted((one, other) => one.atMs - other.atMs);
  let longestMs = 0;
  let lastMs: number | undefined;
  for (const { became, atMs } of frames) {
    if (became === "shown") {
      if (lastMs !== undefined) longestMs = Math.max(longestMs, atMs - lastMs);
      lastMs = atMs;
    } else if (became === "not wanted") {
      // Nothing was to be shown: a pause is none.
      lastMs = undefined;
    }
  }
  const dropped = frames.filter(({ became }) => became === "dropped");
  return {
    shown: frames.filter(({ became }) => became === "shown").length,
    dropped: dropped.length,
    incomplete: frames.filter(({ became, isIncomplete }) => became === "shown" && isIncomplete).length,
    longestMs,
    slow: frames.filter(({ became, atMs }) => became !== "not wanted" && isSlow(atMs)).length,
    slowDropped: dropped.filter(({ atMs }) => isSlow(atMs)).length,
  };
}

/** What all reports of one frame say together. */
function toFrame(reports: readonly FrameReport[]) {
  const isAny = (start: string) => reports.some(({ state }) => state.startsWith(start));
  return {
    atMs: Math.min(...reports.map(({ atMs }) => atMs)),
    became: isAny("STATE_PRESENTED")
      ? ("shown" as const)
      : isAny("STATE_DROPPED")
        ? ("dropped" as const)
        : ("not wanted" as const),
    isIncomplete: reports.some(({ isIncomplete }) => isIncomplete),
  };
}
