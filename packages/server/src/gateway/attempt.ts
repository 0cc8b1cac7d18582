import { setTimeout as sleep } from "node:timers/promises";
import { PlatformError, type Reply, toPlatformError } from "@llm-platform/kit";
import { AttemptRun, type AttemptRunParts } from "./attempt-run.ts";
import type { GatewayCall } from "./gateway-call.ts";
import type { ModelDirectory } from "./model-directory.ts";
import { prepareAttempt } from "./prepare-attempt.ts";
import type { Recorder } from "./recorder.ts";
import { RetryBudget } from "./retry-budget.ts";
import type { Chat } from "./stage.ts";
import type { Target } from "./targets.ts";

export interface AttemptParts extends AttemptRunParts {
  readonly directory: ModelDirectory;
  readonly recorder: Recorder;
  readonly inFlight: () => number;
  readonly random: () => number;
}

const firstBackOffMs = 50;

/**
 * The last stage: tries the call's targets until one gives content.
 * A call is tried again only before its first content, at most `maxRetries` times, and within the budget of all calls.
 */
export function createAttempts(parts: AttemptParts): Chat {
  const budget = new RetryBudget();

  async function tryAgain(call: GatewayCall, first: PlatformError): Promise<Reply> {
    let failure = first;
    for (let number = 2; mayGoOn(call, failure) && number <= parts.settings.maxRetries + 1; number++) {
      const target = chooseTarget(call, parts.directory, { number, failure });
      if (target === undefined || !budget.take(parts.inFlight())) break;
      try {
        await backOff(call, number, parts.random());
        return await new Promise<Reply>((resolve, reject) => {
          openAttempt(call, target, parts).start({ resolve, reject });
        });
      } catch (error) {
        failure = toPlatformError(error);
      } finally {
        budget.giveBack();
      }
    }
    throw failure;
  }

  /** The first attempt settles the call's own promise: only one that fails costs a further one. */
  return (call) =>
    new Promise((resolve, reject) => {
      const goOn = (error: unknown): void =>
        void tryAgain(call, toPlatformError(error)).then(resolve, reject);
      try {
        const target = chooseTarget(call, parts.directory, { number: 1, failure: undefined });
        if (target === undefined) reject(noTarget(call));
        else openAttempt(call, target, parts).start({ resolve, reject: goOn });
      } catch (error) {
        goOn(error);
      }
    });
}

function mayGoOn(call: GatewayCall, failure: PlatformError): boolean {
  return failure.isRetryable && call.cancellation.reason === undefined;
}

function noTarget(call: GatewayCall): PlatformError {
  return new PlatformError(
    "unavailable",
    `No target of the model \`${call.head.model}\` can take the call now.`,
  );
}

function openAttempt(call: GatewayCall, target: Target, parts: AttemptParts): AttemptRun {
  const prepared = prepareAttempt(call, target);
  const nowMs = performance.now();
  call.attempts++;
  if (call.sentAtMs === 0) call.sentAtMs = nowMs;
  call.servedBy = target;
  const record = parts.recorder.begin(call, target, nowMs);
  return new AttemptRun(parts, record, prepared);
}

/** Which target the next attempt goes to; undefined when none is left that may be asked. */
function chooseTarget(
  call: GatewayCall,
  directory: ModelDirectory,
  so: { readonly number: number; readonly failure: PlatformError | undefined },
): Target | undefined {
  if (so.number === 1) {
    const first = directory.snapshot.targets.get(call.targets[0] ?? "");
    // The call has only just come: the time of its arrival is now.
    if (first?.platform !== undefined && first.breaker.allows(call.startedAtMs)) return first;
  }
  const nowMs = performance.now();
  const targets = call.targets.flatMap((id) => directory.snapshot.targets.get(id) ?? []);
  const next = targets[(so.number - 1) % Math.max(1, targets.length)];
  if (next === undefined) return undefined;
  if (so.number > 1 && targets.length === 1 && !isWorthRepeating(so.failure)) return undefined;
  const order = [next, ...targets.filter((target) => target !== next)];
  const ready = order.find((target) => target.platform !== undefined && target.breaker.allows(nowMs));
  if (ready !== undefined) return ready;
  const running = targets.filter((target) => target.platform !== undefined);
  // With several targets all of them failing, the least bad one is still asked: refusing every call would be an outage of our own making.
  if (targets.length > 1 && running.length > 0)
    return running.reduce((best, target) => (target.breaker.badness < best.breaker.badness ? target : best));
  if (so.failure !== undefined) return undefined;
  throw refusal(next, nowMs);
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

async function backOff(call: GatewayCall, number: number, random: number): Promise<void> {
  const delayMs = firstBackOffMs * 2 ** (number - 2) * (0.5 + random);
  await sleep(delayMs);
  if (call.cancellation.reason !== undefined) throw call.cancellation.reason;
}
