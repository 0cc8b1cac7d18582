import { PlatformError } from "@llm-platform/kit";
import type { Feed, FeedItem } from "../../../control/feed.ts";
import type { Operation } from "../../../control/operation.ts";
import type { CallContext, Send } from "../method.ts";

/** What operators can do and follow, by name. */
export interface OperationTable {
  readonly operations: readonly Operation[];
  readonly feeds: readonly Feed[];
  /** Throws PlatformError `not_found`. */
  operation(name: string): Operation;
  /** Throws PlatformError `not_found`. */
  feed(name: string): Feed;
}

export function createOperationTable(
  operations: readonly Operation[],
  feeds: readonly Feed[],
): OperationTable {
  const byName = new Map(operations.map((operation) => [operation.name, operation]));
  const feedsByName = new Map(feeds.map((feed) => [feed.name, feed]));
  return {
    operations,
    feeds,
    operation: (name) => byName.get(name) ?? missing("operation", name),
    feed: (name) => feedsByName.get(name) ?? missing("feed", name),
  };
}

/** Sends every item of a feed in a form of its own, until the call is over; undefined is not sent. */
export async function follow<Reply>(
  feed: Feed,
  {
    input,
    context,
    send,
  }: { readonly input: unknown; readonly context: CallContext; readonly send: Send<Reply> },
  toReply: (item: FeedItem) => Reply | undefined,
): Promise<void> {
  for await (const item of feed.open(input, context)) {
    const reply = toReply(item);
    const taken = reply === undefined ? undefined : send(reply);
    if (taken !== undefined) await taken;
  }
}

function missing(what: "operation" | "feed", name: string): never {
  throw new PlatformError(
    "not_found",
    `There is no ${what} \`${name.slice(0, 128)}\`. Operations.List names those that there are.`,
    { field: "name" },
  );
}
