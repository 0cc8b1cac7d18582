import { isDeepStrictEqual } from "node:util";
import { exchange, type Outcome } from "./request-exchange.ts";
import type { RequestLane, SeenRequest } from "./request-lane.ts";
import type { ClientStream } from "./request-stream.ts";

/** The listener with the fast lane, and the one where node:http reads everything. */
export type LanePair = { readonly fast: RequestLane; readonly node: RequestLane };

/** A stream that the lanes read in different ways. */
export type Difference = { readonly what: string; readonly fast: Outcome; readonly node: Outcome };

const quietTurns = 6;
/** A busy machine may deliver bytes late, or stand still until a time limit is over. */
const patientTurns = 200;
/** What looks like a difference is looked at again, and again, with more patience. */
const looks = [quietTurns, patientTurns, patientTurns];

/** Sends a stream to both lanes. Returns the difference that shows each time. */
export async function compareLanes(lanes: LanePair, stream: ClientStream): Promise<Difference | undefined> {
  let difference: Difference | undefined;
  for (const turns of looks) {
    difference = await compareOnce(lanes, stream, turns);
    if (difference === undefined) return undefined;
  }
  return difference;
}

async function compareOnce(
  lanes: LanePair,
  stream: ClientStream,
  turns: number,
): Promise<Difference | undefined> {
  const node = await exchange(lanes.node, stream, { quietTurns: turns });
  const fast = await exchange(lanes.fast, stream, { quietTurns: turns, endsHead: !node.isOpen });
  const what = findDifference(fast, node);
  return what === undefined ? undefined : { what, fast, node };
}

/**
 * What differs in how two lanes took a stream. Not a difference is what node:http itself does now in one way, now in
 * another, as bytes and replies happen to meet, and where the fast lane is slower to refuse:
 *
 * - node:http refuses a head at the first wrong byte, the fast lane when the head has ended or its time is over. So it
 *   is sent the end of a head, and then must have refused too.
 * - When a connection ends, node:http drops replies to requests that it has handed on, or refuses bytes behind the
 *   last request; the fast lane answers before it reads on. So replies are compared where the connection stays open.
 * - Behind a request that is refused by its head node:http goes on handing requests on until the reply is out. So they
 *   are compared up to the first refused one: one that its handler refused, or one that never came to a handler, which
 *   shows by a reply that refuses, unless the other lane has handed on more.
 * - node:http sends `100 Continue` as soon as it has read the head, even before the replies to earlier requests.
 */
function findDifference(fast: Outcome, node: Outcome): string | undefined {
  const count = answeredBeforeRefusal(fast, node);
  if (!isDeepStrictEqual(upToRefused(fast, count), upToRefused(node, count))) return "requests";
  if (fast.isOpen !== node.isOpen) return fast.isOpen ? "left open" : "ended";
  return !node.isOpen || isDeepStrictEqual(sorted(fast), sorted(node)) ? undefined : "replies";
}

/** Requests up to the first that its handler refused, and not more than `count`. */
function upToRefused({ requests }: Outcome, count: number): readonly SeenRequest[] {
  const at = requests.findIndex(({ refusal }) => refusal !== undefined);
  return requests.slice(0, at < 0 ? count : at + 1);
}

/** How many requests are to be compared where one was refused without a handler. */
function answeredBeforeRefusal(fast: Outcome, node: Outcome): number {
  const count = Math.min(firstRefusal(fast), firstRefusal(node));
  const isRefusedByBoth = [fast, node].every(
    // A lane that dropped its replies has refused too when it has handed on no more than the other answered.
    (lane) => firstRefusal(lane) === count || lane.requests.length <= count,
  );
  return isRefusedByBoth ? count : Number.POSITIVE_INFINITY;
}

/** How many requests of a connection that has ended were answered before the one that was refused without a handler. */
function firstRefusal({ statuses, isOpen }: Outcome): number {
  const at = statuses.filter((status) => status >= 200).findIndex((status) => status >= 400);
  return isOpen || at < 0 ? Number.POSITIVE_INFINITY : at;
}

function sorted({ statuses }: Outcome): readonly number[] {
  return [...statuses].sort((a, b) => a - b);
}
