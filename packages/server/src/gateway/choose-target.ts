import { PlatformError } from "@llm-platform/kit";
import { noteCandidates } from "./explain-call.ts";
import type { GatewayCall } from "./gateway-call.ts";
import type { ModelDirectory } from "./model-directory.ts";
import { isTooSmall, type Target } from "./targets.ts";

/** Which attempt of a call it is, from 1, and why the one before failed. */
export interface Attempting {
  readonly number: number;
  readonly failure: PlatformError | undefined;
}

/**
 * Which target the next attempt goes to; undefined when none is left that may be asked. Where there was anything to choose,
 * the call is noted what among.
 * @throws PlatformError `unavailable` when the only target of a call is held back, or does not run
 */
export function chooseTarget(
  call: GatewayCall,
  directory: ModelDirectory,
  attempting: Attempting,
): Target | undefined {
  const isPlain = call.targets.length === 1 && call.closedTargets.length === 0;
  if (attempting.number === 1) {
    const first = directory.snapshot.targets.get(call.targets[0] ?? "");
    // The call has only just come: the time of its arrival is now.
    if (first?.platform !== undefined && first.breaker.allows(call.startedAtMs)) {
      if (!isPlain) note(call, directory, { chosen: first, isLeastBad: false, nowMs: call.startedAtMs });
      return first;
    }
  }
  const nowMs = performance.now();
  const targets = call.targets.flatMap((id) => directory.snapshot.targets.get(id) ?? []);
  const choice = choose(targets, call.outgrown, { ...attempting, nowMs });
  note(call, directory, { ...choice, nowMs });
  if (choice.refusal !== undefined) throw choice.refusal;
  return choice.chosen;
}

interface Choice {
  readonly chosen: Target | undefined;
  readonly isLeastBad: boolean;
  readonly refusal?: PlatformError;
}

const noChoice: Choice = { chosen: undefined, isLeastBad: false };

function choose(
  targets: readonly Target[],
  outgrown: readonly Target[],
  { number, failure, nowMs }: Attempting & { readonly nowMs: number },
): Choice {
  const next = targets[(number - 1) % Math.max(1, targets.length)];
  if (next === undefined) return noChoice;
  if (number > 1 && targets.length === 1 && !isWorthRepeating(failure)) return noChoice;
  const order = [next, ...targets.filter((target) => target !== next)].filter(
    (target) => !isTooSmall(target, outgrown),
  );
  const ready = order.find((target) => target.platform !== undefined && target.breaker.allows(nowMs));
  if (ready !== undefined) return { chosen: ready, isLeastBad: false };
  const running = order.filter((target) => target.platform !== undefined);
  // With several targets all of them failing, the least bad one is still asked: refusing every call would be an outage of our own making.
  if (targets.length > 1 && running.length > 0) return { chosen: leastBad(running), isLeastBad: true };
  return failure === undefined ? { ...noChoice, refusal: refusal(next, nowMs) } : noChoice;
}

/** Of at least one. */
export function leastBad(targets: readonly Target[]): Target {
  return targets.reduce((best, target) => (target.breaker.badness < best.breaker.badness ? target : best));
}

function note(
  call: GatewayCall,
  { snapshot }: ModelDirectory,
  so: { readonly chosen: Target | undefined; readonly isLeastBad: boolean; readonly nowMs: number },
): void {
  call.candidates = noteCandidates(call, { ...so, targetOf: (id) => snapshot.targets.get(id) });
}

function refusal(target: Target, nowMs: number): PlatformError {
  if (target.platform === undefined)
    return new PlatformError("unavailable", target.absence, { retryAfterMs: 5_000 });
  return new PlatformError(
    "unavailable",
    `Calls to ${target.id} are held back because it keeps failing. It is tried again by itself.`,
    {
      retryAfterMs: Math.max(1_000, target.breaker.waitMs(nowMs)),
    },
  );
}

/** Asking the same target again helps against a broken connection, not against a limit, a refusal or a time-out. */
function isWorthRepeating(failure: PlatformError | undefined): boolean {
  const code = failure?.code;
  return code === "upstream_error" || code === "upstream_incomplete" || code === "upstream_malformed";
}
