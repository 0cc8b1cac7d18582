import { randomUUID } from "node:crypto";
import { errorCodes, type JsonObject, PlatformError, toPlatformError } from "@llm-platform/kit";
import { z } from "zod";
import { type Pull, type PullAction, pullActions, type PullPhase } from "./core/pull.ts";
import type { PullManager } from "./pulls/pull-manager.ts";
import type { Bus } from "./sharing/bus.ts";

export interface SharedPullParts {
  readonly bus: Bus;
  /** Whether word reaches other replicas at all. */
  readonly isConnected: boolean;
  /** Of this server. */
  readonly replica: string;
  /** Never goes back. */
  monotonicMs(): number;
}

/** What replicas tell each other of their pulls. */
export interface SharedPulls {
  /**
   * Has the replica whose pull it is do that to it. Rejects with PlatformError: as that one does, `conflict` where word does not
   * reach it, or `unavailable` when it does not answer.
   */
  order(pull: Pull, action: PullAction): Promise<void>;
  /** From now on tells the others of these pulls, and does what they order. */
  attach(pulls: PullManager): void;
}

/** Its replica may have to wait for what a pull is writing. */
const answerWithinMs = 10_000;
/** Bytes come many times a second; others are told so often. */
const tellEveryMs = 1_000;

export function createSharedPulls(parts: SharedPullParts): SharedPulls {
  const { bus, replica, isConnected } = parts;
  const waiting = new Map<string, PromiseWithResolvers<void>>();

  bus.subscribe("pull_answer", (message) => {
    const answer = answerSchema.safeParse(message).data;
    const waits = answer === undefined ? undefined : waiting.get(answer.order);
    if (answer?.error === undefined) waits?.resolve();
    else waits?.reject(new PlatformError(answer.error.code, answer.error.message));
  });

  return {
    async order(pull, action) {
      if (!isConnected)
        throw new PlatformError(
          "conflict",
          `This pull fills the disk of another server, whose data folder has ${pull.replica} in replica.id. Ask that one, or connect the servers by Redis (REDIS_URL).`,
        );
      const order = randomUUID();
      const answered = Promise.withResolvers<void>();
      waiting.set(order, answered);
      const timer = setTimeout(() => answered.reject(notReached(pull)), answerWithinMs);
      try {
        bus.publish("pull_order", { order, replica: pull.replica, id: pull.id, action });
        await answered.promise;
      } finally {
        clearTimeout(timer);
        waiting.delete(order);
      }
    },
    attach(pulls) {
      bus.subscribe("pull_order", (message) => {
        const order = orderSchema.safeParse(message).data;
        if (order?.replica === replica) void obey(pulls, order, bus);
      });
      bus.subscribe("pull", ({ id }) => {
        // That the store does not answer is told to whoever asks it; the next word tells the same anew.
        if (typeof id === "string") void pulls.changedElsewhere(id).catch(() => undefined);
      });
      pulls.onChange(createTeller(parts, pulls));
    },
  };
}

/** Tells the others of each new phase at once, and of bytes now and then. */
function createTeller({ bus, monotonicMs }: SharedPullParts, pulls: PullManager): (pull: Pull) => void {
  const told = new Map<string, { readonly phase: PullPhase; readonly atMs: number }>();
  return (pull) => {
    if (!pulls.isOwn(pull)) return;
    const last = told.get(pull.id);
    const atMs = monotonicMs();
    if (last?.phase === pull.phase && atMs - last.atMs < tellEveryMs) return;
    if (pull.finishedAtMs === undefined) told.set(pull.id, { phase: pull.phase, atMs });
    else told.delete(pull.id);
    bus.publish("pull", { id: pull.id });
  };
}

async function obey(
  pulls: PullManager,
  { order, id, action }: z.output<typeof orderSchema>,
  bus: Bus,
): Promise<void> {
  let answer: JsonObject = { order };
  try {
    await pulls[action](id);
  } catch (error) {
    const { code, message } = toPlatformError(error, "The pull could not be changed.");
    answer = { order, error: { code, message } };
  }
  bus.publish("pull_answer", answer);
}

function notReached({ replica }: Pull): PlatformError {
  return new PlatformError(
    "unavailable",
    `This pull fills the disk of another server, which does not answer: that whose data folder has ${replica} in replica.id. The pull goes on when a server with that folder runs again.`,
    { isRetryable: true },
  );
}

const orderSchema = z.object({
  order: z.string().max(64),
  replica: z.string(),
  id: z.string().max(64),
  action: z.enum(pullActions),
});

const answerSchema = z.object({
  order: z.string().max(64),
  error: z.object({ code: z.enum(errorCodes), message: z.string() }).optional(),
});
