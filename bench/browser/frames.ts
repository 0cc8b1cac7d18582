import type { Browser } from "playwright-core";

// A browser shows what its compositor drew, and the compositor scrolls without the page's own thread: the times between two
// calls of requestAnimationFrame say how busy that thread is, and asking for them makes it busy. So frames are counted where
// the browser itself does, by what its tracing reports of each.

/** What became of the frames in a while. */
export interface Frames {
  readonly shown: number;
  /** Wanted, and not shown in time. */
  readonly dropped: number;
  /** Of those shown: without what the page's own thread had to add, or with a part that was not painted yet. */
  readonly incomplete: number;
  /** Between two that were shown, while one was wanted. */
  readonly longestMs: number;
}

const categories = ["cc", "benchmark", "__metadata"];

/** Counts the frames of the page's process while something is done. Only one page may be open in the browser. */
export async function countFrames(browser: Browser, action: () => Promise<void>): Promise<Frames> {
  const session = await browser.newBrowserCDPSession();
  const events: unknown[] = [];
  session.on("Tracing.dataCollected", ({ value }) => events.push(...value));
  await session.send("Tracing.start", {
    traceConfig: { includedCategories: categories },
    transferMode: "ReportEvents",
  });
  await action();
  const complete = Promise.withResolvers<unknown>();
  session.once("Tracing.tracingComplete", complete.resolve);
  await session.send("Tracing.end");
  await complete.promise;
  await session.detach();
  return toFrames(events.flatMap((event) => readReport(event) ?? []));
}

/** What Chromium's `PipelineReporter` says of one frame. */
export interface FrameReport {
  readonly process: number;
  readonly atMs: number;
  readonly state: string;
  /** Whether somebody sees the difference: something moves. */
  readonly isSeen: boolean;
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
    atMs: ts / 1_000,
    state: String(report["state"]),
    isSeen: report["affects_smoothness"] === true,
    isIncomplete:
      report["state"] === "STATE_PRESENTED_PARTIAL" ||
      report["has_missing_content"] === true ||
      report["checkerboarded_needs_raster"] === true ||
      report["checkerboarded_needs_record"] === true,
  };
}

/** Of the process with the most frames, which is the page's: the browser's own window changes nothing. */
export function toFrames(reports: readonly FrameReport[]): Frames {
  const byProcess = Map.groupBy(reports, ({ process }) => process);
  const [own = []] = [...byProcess.values()].toSorted((one, other) => other.length - one.length);
  const inOrder = own.toSorted((one, other) => one.atMs - other.atMs);
  const shown = inOrder.filter(({ state }) => state.startsWith("STATE_PRESENTED"));
  let longestMs = 0;
  let lastMs: number | undefined;
  for (const { state, atMs } of inOrder) {
    if (state.startsWith("STATE_PRESENTED")) {
      if (lastMs !== undefined) longestMs = Math.max(longestMs, atMs - lastMs);
      lastMs = atMs;
    } else if (state === "STATE_NO_UPDATE_DESIRED") {
      // Nothing was to be shown: a pause is none.
      lastMs = undefined;
    }
  }
  return {
    shown: shown.length,
    dropped: inOrder.filter(({ state, isSeen }) => state === "STATE_DROPPED" && isSeen).length,
    incomplete: shown.filter(({ isIncomplete }) => isIncomplete).length,
    longestMs,
  };
}
