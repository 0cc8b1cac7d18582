import { formatBytes, type Output } from "./output.ts";

export interface ProgressParts {
  readonly output: Output;
  /** Whether one line may be written over and over. */
  readonly isTerminal: boolean;
  /** Never goes back. */
  nowMs(): number;
}

/** Shows how far something long has come, on standard error. */
export interface Progress {
  /** @param totalBytes 0 while it is not known */
  update(phase: string, doneBytes: number, totalBytes: number): void;
  /** Leaves the line empty for what comes. */
  end(): void;
}

const redrawMs = 100;
const plainLineMs = 5_000;
const clearLine = "\r\u001B[K";

/** On a terminal one line that changes; elsewhere a line every five seconds, and none for what is done sooner. */
export function createProgress({ output, isTerminal, nowMs }: ProgressParts): Progress {
  const everyMs = isTerminal ? redrawMs : plainLineMs;
  let lastAtMs = isTerminal ? Number.NEGATIVE_INFINITY : nowMs();
  let isDrawn = false;
  let current = { phase: "", startedAtMs: nowMs() };
  return {
    update(phase, doneBytes, totalBytes) {
      const now = nowMs();
      if (phase !== current.phase) current = { phase, startedAtMs: now };
      if (now - lastAtMs < everyMs) return;
      lastAtMs = now;
      const line = formatLine({ phase, doneBytes, totalBytes, tookMs: now - current.startedAtMs });
      output.err(isTerminal ? `${clearLine}${line}` : `${line}\n`);
      isDrawn = true;
    },
    end() {
      if (isTerminal && isDrawn) output.err(clearLine);
      isDrawn = false;
    },
  };
}

function formatLine(at: {
  readonly phase: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly tookMs: number;
}): string {
  const { phase, doneBytes, totalBytes, tookMs } = at;
  if (totalBytes <= 0) return `${phase}: ${Math.round(tookMs / 1_000)} s`;
  const percent = Math.floor((100 * doneBytes) / totalBytes);
  const perSecond = tookMs > 0 ? doneBytes / (tookMs / 1_000) : 0;
  const left = perSecond > 0 ? Math.ceil((totalBytes - doneBytes) / perSecond) : undefined;
  const rate = left === undefined ? "" : `, ${formatBytes(perSecond)}/s, ${left} s left`;
  return `${phase}: ${percent}% (${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}${rate})`;
}
