import { type PlatformError, type Reply, toPlatformError } from "@llm-platform/kit";
import type { Budget } from "../core/budgets.ts";
import type { BudgetPrices } from "../core/budget-prices.ts";
import type { PlatformMetrics } from "../telemetry/platform-metrics.ts";
import type { Tracing } from "../telemetry/tracing/tracing.ts";
import { Deadlines } from "../wire/deadlines.ts";
import { createAdmission, shuttingDown } from "./admit.ts";
import { createAuditStage } from "./audit-stage.ts";
import { createAttempts } from "./attempt.ts";
import { BudgetPlan } from "./budget-plan.ts";
import type { CallLimits } from "./call-limits.ts";
import { type ContentStageParts, createContentStage } from "./content/content-stage.ts";
import { GatewayCall, type GatewayCallInput } from "./gateway-call.ts";
import { LimitPlan } from "./limit-plan.ts";
import { createModelLimits } from "./model-limits.ts";
import type { ModelDirectory } from "./model-directory.ts";
import type { OverloadGuard } from "./overload-guard.ts";
import { createQueuedLimits, type QueuedLimits, type QueueSettings } from "./queued-limits.ts";
import type { UnopenedCall } from "./explain-call.ts";
import type { Recorder } from "./recorder.ts";
import { createRouting } from "./route.ts";
import type { GatewaySettings } from "./settings.ts";
import { composeStages } from "./stage.ts";
import { createStartStage } from "./start-stage.ts";
import { createCallTracing } from "./tracing/call-tracing.ts";

export interface GatewayParts {
  readonly directory: ModelDirectory;
  readonly recorder: Recorder;
  readonly settings: GatewaySettings;
  readonly metrics: PlatformMetrics;
  readonly tracing: Pick<Tracing, "current">;
  readonly random: () => number;
  /** Keeps calls out that there is neither time nor memory for. */
  readonly guard: OverloadGuard;
  readonly budgetPrices: BudgetPrices;
  /** Undefined where no call is kept with its content: such calls must not come here. */
  readonly content?: ContentStageParts;
  /** Whether calls can be put on record now; asked for each call. */
  canRecord(): boolean;
  /** Those of this process, or of all of this host. */
  readonly limits: CallLimits;
}

/** Who made a call, and is told once what it came to. */
export interface Caller {
  /** A reply whose first content is there, or which is whole. */
  onReply(reply: Reply): void;
  /** There is none, and nothing was sent to the client; the ledger has the attempts by then. */
  onFailure(error: PlatformError): void;
}

/** The way of every model call, whatever surface it came in by. */
export interface Gateway {
  readonly inFlight: number;
  /** Makes a call of what a surface read. */
  open(input: GatewayCallInput): GatewayCall;
  /** Notes a request of a caller who is known, which could not be read and so became no call. Never throws. */
  noteUnopened(request: UnopenedCall, error: PlatformError): void;
  /** Has a call answered. Never throws, and never tells the caller within this call. */
  handle(call: GatewayCall, caller: Caller): void;
  /** These are the budgets from the next call on. */
  setBudgets(budgets: readonly Budget[]): void;
  /** Takes no more calls. */
  close(): void;
  /** Waits for the calls in flight, then ends the rest with `shutting_down`. */
  drain(deadlineMs: number): Promise<void>;
  stop(): void;
}

/** How often a drain looks whether the last call has ended. */
const drainLookMs = 50;
/** What calls that were ended get to write their record and tell their client. */
const lastWordsMs = 2_000;

export function createGateway(parts: GatewayParts): Gateway {
  const { directory, recorder, settings, metrics, tracing, random } = parts;
  const deadlines = new Deadlines();
  const callTracing = createCallTracing(tracing);
  const queue = settings.queue.size === 0 ? undefined : createQueue(parts.limits, settings.queue, metrics);
  const limits = queue ?? parts.limits;
  const close = () => {
    admission.close();
    queue?.close(shuttingDown());
  };
  const { assumedOutputTokens } = settings.limits;
  const budgets = new BudgetPlan({ directory, prices: parts.budgetPrices, assumedOutputTokens });
  const plan = new LimitPlan({
    settings: settings.limits,
    modelLimits: createModelLimits(settings.limits.models, directory),
    budgetDemand: (call) => budgets.demandOf(call),
  });
  const admission = createAdmission({
    limits,
    demandOf: (call) => plan.demandOf(call),
    overload: () => parts.guard.refusal(),
    gauge: metrics.inFlight.series(),
  });
  const chat = composeStages(
    [
      createAuditStage({ policy: settings.audit, canRecord: parts.canRecord }),
      // Limits and budgets are told by what a name stands for.
      createStartStage(directory),
      admission.stage,
      createRouting(directory, random),
      ...(parts.content === undefined ? [] : [createContentStage(parts.content)]),
    ],
    createAttempts({ directory, recorder, deadlines, settings, random, inFlight: () => admission.inFlight }),
  );

  function fail(call: GatewayCall, caller: Caller, error: PlatformError): void {
    recorder.refuse(call, error);
    caller.onFailure(error);
  }

  async function emptied(deadlineMs: number): Promise<boolean> {
    const endMs = performance.now() + deadlineMs;
    while (admission.inFlight > 0 && performance.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, drainLookMs));
    }
    return admission.inFlight === 0;
  }

  return {
    get inFlight() {
      return admission.inFlight;
    },
    open: (input) => new GatewayCall(input, callTracing()),
    noteUnopened: (request, error) => recorder.refuseUnopened(request, error),
    handle(call, caller) {
      chat(call).then(
        (reply) => caller.onReply(reply),
        (error: unknown) => fail(call, caller, toPlatformError(error)),
      );
    },
    setBudgets: (list) => budgets.replace(list),
    close,
    async drain(deadlineMs) {
      close();
      if (await emptied(deadlineMs)) return;
      admission.cancelAll(shuttingDown());
      await emptied(lastWordsMs);
    },
    stop: () => deadlines.stop(),
  };
}

function createQueue(inner: CallLimits, settings: QueueSettings, metrics: PlatformMetrics): QueuedLimits {
  return createQueuedLimits({
    inner,
    settings,
    metrics: (queue) => ({ depth: metrics.queueDepth.series(queue), wait: metrics.queueWait.series(queue) }),
    nowMs: () => performance.now(),
    after(delayMs, action) {
      const timer = setTimeout(action, delayMs);
      return () => clearTimeout(timer);
    },
  });
}
