import { Agent, type IncomingMessage, request } from "node:http";

/** How far a reply came, as its client saw it. */
export type Progress = "head" | "content" | "ended";

/** What one call came to, as its client saw it. */
export type Observation = {
  readonly requestId: string;
  readonly kind: "stream" | "whole";
  readonly status: number;
  readonly progress: Progress;
  /** The client left on purpose after the first content. */
  readonly isCancelled: boolean;
};

/** What the clients do. */
export type LoadOptions = {
  readonly port: number;
  readonly model: string;
  /** Calls at once. */
  readonly callers: number;
  /** From 0 to 1, the next of a seeded series. */
  readonly random: () => number;
};

/** Clients that call without a pause while the gate is open. */
export type Load = {
  /** Calls that were sent, whatever came of them. */
  readonly sent: number;
  /** Whether calls are sent. A call under way goes on when it is shut. */
  setOpen(isOpen: boolean): void;
  /** Hands over what was seen since the last time. */
  take(): readonly Observation[];
  /** Settles when the last call is over. */
  stop(): Promise<void>;
};

/** Out of a hundred streams this many are left by their client. */
const cancelShare = 0.05;
const streamShare = 0.6;

/** Starts the clients, behind a shut gate. */
export function startLoad(options: LoadOptions): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: options.callers });
  const state = { sent: 0, isStopping: false, gate: Promise.withResolvers<void>(), isOpen: false };
  let seen: Observation[] = [];

  const runCaller = async (): Promise<void> => {
    for (;;) {
      await state.gate.promise;
      if (state.isStopping) return;
      state.sent += 1;
      const observation = await callOnce(options, agent);
      if (observation !== undefined) seen.push(observation);
      // A refused connection answers at once: others must get their turn.
      else await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const callers = Array.from({ length: options.callers }, runCaller);
  return {
    get sent() {
      return state.sent;
    },
    setOpen: (isOpen) => {
      if (isOpen) state.gate.resolve();
      else if (state.isOpen) state.gate = Promise.withResolvers<void>();
      state.isOpen = isOpen;
    },
    take: () => {
      const taken = seen;
      seen = [];
      return taken;
    },
    stop: async () => {
      state.isStopping = true;
      state.gate.resolve();
      await Promise.all(callers);
      agent.destroy();
    },
  };
}

/** Settles with undefined when the connection ended before a head came. */
function callOnce({ port, model, random }: LoadOptions, agent: Agent): Promise<Observation | undefined> {
  const kind = random() < streamShare ? "stream" : "whole";
  const mayCancel = kind === "stream" && random() < cancelShare;
  const body = JSON.stringify({
    model,
    stream: kind === "stream",
    messages: [{ role: "user", content: "hello" }],
  });
  const answered = Promise.withResolvers<Observation | undefined>();
  const outgoing = request({
    agent,
    host: "127.0.0.1",
    port,
    method: "POST",
    path: "/v1/chat/completions",
    headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
  });
  outgoing.on("error", () => answered.resolve(undefined));
  outgoing.on("response", (reply) => {
    const watch = { kind, mayCancel, leave: () => outgoing.destroy() } as const;
    void watchReply(reply, watch).then(answered.resolve, answered.reject);
  });
  outgoing.end(body);
  return answered.promise;
}

type Watch = { readonly kind: Observation["kind"]; readonly mayCancel: boolean; readonly leave: () => void };

function watchReply(reply: IncomingMessage, { kind, mayCancel, leave }: Watch): Promise<Observation> {
  const finished = Promise.withResolvers<Observation>();
  let text = "";
  let isCancelled = false;
  const hasContent = (): boolean => kind === "stream" && text.includes('"content":"w');
  const hasEnded = (): boolean =>
    kind === "stream" ? text.includes("data: [DONE]") : reply.complete && text.endsWith("}");
  reply.setEncoding("utf8");
  reply.on("data", (part: string) => {
    text += part;
    if (!mayCancel || !hasContent() || hasEnded()) return;
    isCancelled = true;
    leave();
  });
  reply.on("error", () => {
    // The connection broke, which is what this test is about: `close` follows.
  });
  reply.on("close", () => {
    finished.resolve({
      requestId: String(reply.headers["x-request-id"]),
      kind,
      status: reply.statusCode ?? 0,
      progress: hasEnded() ? "ended" : hasContent() ? "content" : "head",
      isCancelled,
    });
  });
  return finished.promise;
}
