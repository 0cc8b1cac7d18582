import { setTimeout as sleep } from "node:timers/promises";
import { PlatformError, type Reply, toPlatformError } from "@llm-platform/kit";
import { AttemptRun, type AttemptRunParts } from "./attempt-run.ts";
import { chooseTarget } from "./choose-target.ts";
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
      noteOutgrown(call, failure);
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

/** What was too small for the call stays so, whatever else fails later. */
function noteOutgrown(call: GatewayCall, failure: PlatformError): void {
  if (failure.code !== "context_length_exceeded" || call.servedBy === undefined) return;
  call.outgrown = [...call.outgrown, call.servedBy];
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
  if (call.targets.length > 1) call.triedTargets = [...call.triedTargets, target.id];
  call.attempts++;
  if (call.sentAtMs === 0) call.sentAtMs = nowMs;
  call.servedBy = target;
  const record = parts.recorder.begin(call, target, nowMs);
  return new AttemptRun(parts, record, prepared);
}

async function backOff(call: GatewayCall, number: number, random: number): Promise<void> {
  const delayMs = firstBackOffMs * 2 ** (number - 2) * (0.5 + random);
  await sleep(delayMs);
  if (call.cancellation.reason !== undefined) throw call.cancellation.reason;
}
