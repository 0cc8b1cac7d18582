import type { Pull, PulledFile } from "../pulls.ts";
import { formatBytes, toPrintable } from "./output.ts";
import type { ProgressParts } from "./progress.ts";

/** Shows how far a pull is, on standard error. */
export interface PullDisplay {
  show(pull: Pull): void;
  /** Leaves the cursor below what was drawn. */
  end(): void;
}

interface PullDisplayParts extends ProgressParts {
  /** Width of the terminal. */
  readonly columns: number;
}

const plainLineMs = 5_000;
const redrawMs = 100;
const barWidth = 24;
/** Files of a pull whose bars fit on a screen. */
const mostBars = 12;
const clearBelow = "\u001B[J";

/** On a terminal a line for the phase and a bar for each file; elsewhere a line for each phase, and every five seconds. */
export function createPullDisplay({ output, isTerminal, columns, nowMs }: PullDisplayParts): PullDisplay {
  let drawnLines = 0;
  let lastAtMs = Number.NEGATIVE_INFINITY;
  let lastPhase = "";
  return {
    show(pull) {
      const now = nowMs();
      const isPhaseNew = pull.phase !== lastPhase;
      if (!isPhaseNew && now - lastAtMs < (isTerminal ? redrawMs : plainLineMs)) return;
      lastAtMs = now;
      lastPhase = pull.phase;
      if (!isTerminal) {
        output.err(`${formatPhase(pull)}\n`);
        return;
      }
      const lines = [
        formatPhase(pull),
        ...pull.files.slice(0, mostBars).map((file) => formatBar(file, pull)),
      ];
      const back = drawnLines === 0 ? "" : `\u001B[${drawnLines}A\r`;
      output.err(`${back}${clearBelow}${lines.map((line) => `${line.slice(0, columns - 1)}\n`).join("")}`);
      drawnLines = lines.length;
    },
    end() {
      drawnLines = 0;
    },
  };
}

function formatPhase(pull: Pull): string {
  const { phase, detail, completed_bytes, total_bytes, bytes_per_second, eta_seconds } = pull;
  const parts = [
    detail === null ? phase : `${phase}: ${toPrintable(detail)}`,
    ...(total_bytes === null || phase !== "downloading"
      ? []
      : [
          `${Math.floor((100 * completed_bytes) / Math.max(1, total_bytes))}%`,
          `${formatBytes(completed_bytes)} of ${formatBytes(total_bytes)}`,
        ]),
    ...(bytes_per_second === null ? [] : [`${formatBytes(bytes_per_second)}/s`]),
    ...(eta_seconds === null ? [] : [`${formatSeconds(eta_seconds)} left`]),
  ];
  return parts.join(", ");
}

function formatBar({ name, completed_bytes, total_bytes }: PulledFile, { phase }: Pull): string {
  const share = total_bytes === null || total_bytes === 0 ? 0 : Math.min(1, completed_bytes / total_bytes);
  const filled = Math.round(share * barWidth);
  const bar = "#".repeat(filled).padEnd(barWidth, phase === "queued" ? " " : ".");
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  return `  [${bar}] ${percent} ${formatBytes(completed_bytes)}/${formatBytes(total_bytes)} ${toPrintable(name)}`;
}

function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
