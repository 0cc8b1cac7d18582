import type { JsonObject } from "@llm-platform/kit";
import type { z } from "zod";
import type { Permission } from "../core/permissions.ts";
import type { Principal } from "../core/principal.ts";
import { checkInput, type OperationContext } from "./operation.ts";

/** Something new in a feed. */
export interface FeedItem {
  /** Noun and verb, for example `model.loaded`. */
  readonly type: string;
  readonly data: JsonObject;
  /** Where a follower can go on from; absent in feeds that begin anew each time. */
  readonly id?: string;
}

/** One thing that can be followed: every protocol with a way to push is a thin skin over this, as over an operation. */
export interface Feed {
  readonly name: string;
  readonly summary: string;
  /** What a principal must be allowed to. */
  readonly permission: Permission;
  readonly input: z.ZodType;
  readonly item: z.ZodType;
  /**
   * Follows from now on, until the context's signal aborts or the reader leaves. Who reads slowly is told less: nothing is
   * queued without a bound. Iteration rejects with PlatformError `unavailable` when the store does not answer.
   * @param input unchecked
   * @throws PlatformError at once: `forbidden`, and `invalid_request` with every problem when the input does not fit
   */
  open(input: unknown, context: OperationContext): AsyncIterable<FeedItem>;
}

interface FeedFacts<Input extends z.ZodType, Item extends z.ZodType> {
  readonly name: string;
  readonly summary: string;
  readonly permission: Permission;
  readonly input: Input;
  /** Of the items' data. */
  readonly item: Item;
  /** @param signal aborted when the reader has left as well */
  follow(input: z.output<Input>, signal: AbortSignal, principal: Principal): AsyncGenerator<FeedItem, void>;
}

/** Ties a feed's code to its schemas, and checks who follows. */
export function defineFeed<Input extends z.ZodType, Item extends z.ZodType>(
  facts: FeedFacts<Input, Item>,
): Feed {
  const { name, summary, permission, input, item } = facts;
  return {
    name,
    summary,
    permission,
    input,
    item,
    open(unchecked, context) {
      context.auditor.require(context, `feeds.${name}`, permission);
      const checked = checkInput(input, unchecked ?? {});
      const { principal } = context;
      return {
        [Symbol.asyncIterator]: () => iterate((signal) => facts.follow(checked, signal, principal), context),
      };
    },
  };
}

/** A generator that waits does not hear that its reader leaves: the signal tells it. */
function iterate(
  follow: (signal: AbortSignal) => AsyncGenerator<FeedItem, void>,
  { signal }: Pick<OperationContext, "signal">,
): AsyncIterator<FeedItem, void> {
  const left = new AbortController();
  const leave = () => left.abort();
  signal.addEventListener("abort", leave, { once: true });
  if (signal.aborted) leave();
  const items = follow(left.signal);
  return {
    async next() {
      const result = await items.next();
      if (result.done === true) signal.removeEventListener("abort", leave);
      return result;
    },
    async return() {
      signal.removeEventListener("abort", leave);
      leave();
      return items.return();
    },
  };
}
