import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** One call as its client saw it. */
export type Outcome = {
  /** 0 when the connection ended before the reply did. */
  readonly status: number;
  readonly requestId: string;
  /** From the instant at which it was due to the end of the reply. */
  readonly tookMs: number;
  /** When its reply was over, on the clock of `performance.now`. */
  readonly endedAtMs: number;
  /** Whether the reply of a chat came to its own end: a finish, and after a stream its end marker. */
  readonly isWhole: boolean;
  /** What was answered in place of one, or why nothing was; empty for 200. */
  readonly problem: string;
};

export type Load = {
  readonly url: string;
  readonly key: string;
  readonly model: string;
  /** Whether the replies are streams. Default false. */
  readonly stream?: boolean;
  /** Whether each call has a connection of its own. Default false: they are kept, and may end as a call takes one. */
  readonly hasOwnConnections?: boolean;
  /** Goes on until then. */
  readonly signal: AbortSignal;
};

/** Sends chats at a fixed rate, whatever becomes of those before, and resolves with all of them. */
export function sendSteadily({
  perSecond,
  ...load
}: Load & { readonly perSecond: number }): Promise<readonly Outcome[]> {
  return sendAt(load, evenly(perSecond));
}

function* evenly(perSecond: number): Generator<number> {
  for (let count = 0; ; count++) yield (count * 1_000) / perSecond;
}

/**
 * Sends a chat at each of these times, whatever becomes of those before, until they or the load end.
 * @param dueMs in milliseconds from now, in their order
 */
export async function sendAt(load: Load, dueMs: Iterable<number>): Promise<readonly Outcome[]> {
  const agent = new Agent({ keepAlive: load.hasOwnConnections !== true, maxSockets: 256 });
  const calls: Promise<Outcome>[] = [];
  const startedAtMs = performance.now();
  for (const each of dueMs) {
    const dueAtMs = startedAtMs + each;
    const waitMs = dueAtMs - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    if (load.signal.aborted) break;
    calls.push(callOnce(agent, load, dueAtMs));
  }
  const outcomes = await Promise.all(calls);
  agent.destroy();
  return outcomes;
}

function callOnce(
  agent: Agent,
  { url, key, model, stream = false }: Load,
  dueAtMs: number,
): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const body = JSON.stringify({ model, stream, messages: [{ role: "user", content: "one two three" }] });
  const headers = {
    authorization: `Bearer ${key}`,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  };
  let text = "";
  const end = (status: number, requestId: string, why = "") => {
    const endedAtMs = performance.now();
    const isWhole =
      /"finish_reason":"(?:stop|length)"/.test(text) && (!stream || /data: \[DONE\]\s*$/.test(text));
    resolve({
      status,
      requestId,
      tookMs: endedAtMs - dueAtMs,
      endedAtMs,
      isWhole,
      problem: status === 200 ? "" : why + text,
    });
  };
  const outgoing = request(`${url}/v1/chat/completions`, { agent, method: "POST", headers }, (reply) => {
    const requestId = String(reply.headers["x-request-id"] ?? "");
    reply.on("end", () => end(reply.statusCode ?? 0, requestId)).on("error", () => end(0, requestId));
    reply.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
    });
  });
  outgoing.on("error", (error) => end(0, "", String(error))).end(body);
  return promise;
}

/** The time that all but one in a hundred calls took at most. */
export function p99Ms(outcomes: readonly Outcome[]): number {
  const taken = outcomes.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b);
  return taken[Math.max(0, Math.ceil(taken.length * 0.99) - 1)] ?? Number.NaN;
}
