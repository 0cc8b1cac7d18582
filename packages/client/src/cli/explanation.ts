import type { RequestAttempt, RequestCandidate, RequestExplanation, RequestPhase } from "../requests.ts";
import { formatTable, toPrintable } from "./output.ts";

const barWidth = 40;

/** One call as a person reads it: what it was, where its time went, what it was chosen among, and what was tried. */
export function formatExplanation({ request, times, candidates, attempts }: RequestExplanation): string {
  const { id, status, outcome, error_code, message, principal, operation, requested_model } = request;
  const end = [status, outcome ?? "", error_code ?? ""].filter((word) => word !== "").join(", ");
  const facts = [
    `${id}  ${end}`,
    `${request.started_at}  ${principal}  ${operation}${request.stream ? " (stream)" : ""} of ${requested_model || "?"}`,
    ...(message === null ? [] : [`told: ${message}`]),
    ...(request.replica === null ? [] : [`served by ${request.replica}`]),
  ].map((line) => `${toPrintable(line)}\n`);
  return [
    ...facts,
    `\ntime: ${formatMicros(times.total_us)}\n`,
    formatWaterfall(times.phases, times.total_us),
    ...(candidates.length === 0 ? [] : ["\ncandidates:\n", formatCandidates(candidates)]),
    ...(attempts.length === 0 ? [] : ["\nattempts:\n", formatAttempts(attempts)]),
  ].join("");
}

/** A row for each phase, with a bar where it stands in the whole. */
export function formatWaterfall(phases: readonly RequestPhase[], totalUs: number): string {
  const scale = barWidth / Math.max(1, totalUs);
  const rows = phases.map(({ phase, attempt, start_us, duration_us }) => {
    const from = Math.min(barWidth - 1, Math.floor(start_us * scale));
    const length = Math.max(1, Math.min(barWidth - from, Math.round(duration_us * scale)));
    const bar = `${" ".repeat(from)}${"#".repeat(length)}`.padEnd(barWidth);
    return [`  ${phase}${attempt === null ? "" : ` ${attempt}`}`, `|${bar}|`, formatMicros(duration_us)];
  });
  return formatTable(rows);
}

function formatCandidates(candidates: readonly RequestCandidate[]): string {
  return formatTable(
    candidates.map(({ target, share, breaker, verdict }) => [
      `  ${target}`,
      share === null ? "fallback" : `${Math.round(share * 100)}%`,
      `breaker ${breaker}`,
      verdict,
    ]),
  );
}

function formatAttempts(attempts: readonly RequestAttempt[]): string {
  return formatTable(
    attempts.map((each) => [
      `  ${each.attempt}`,
      `${each.integration}/${each.upstream_model}`,
      each.outcome,
      each.http_status === null ? "-" : String(each.http_status),
      `${each.duration_ms} ms`,
      `${each.input_tokens ?? "?"} + ${each.output_tokens ?? "?"} tokens (${each.usage_source})`,
      each.cost_micros === null
        ? "no price"
        : `${(each.cost_micros / 1_000_000).toFixed(6)} ${each.currency ?? ""} by ${each.price_version ?? "an unnamed price"}`,
    ]),
  );
}

function formatMicros(us: number): string {
  if (us < 1_000) return `${us} us`;
  return us < 1_000_000 ? `${(us / 1_000).toFixed(2)} ms` : `${(us / 1_000_000).toFixed(2)} s`;
}
