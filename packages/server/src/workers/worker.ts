import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createProcessMetrics } from "../telemetry/process-metrics.ts";
import type { DealtConnections } from "./dealt-connections.ts";
import type { ToWorker, WorkerReport } from "./messages.ts";
import { createRemoteKeys } from "./remote-keys.ts";
import { openWorkerCalls } from "./worker-calls.ts";
import type { WorkerInput } from "./worker-input.ts";
import { createWorkerServing } from "./worker-serving.ts";

/** A process that serves inference calls with what the first one tells it. */
export interface Worker {
  receive(message: ToWorker, socket: Socket | undefined): void;
  /** Something is wrong with this process: calls in flight may end, then it does. */
  leave(): Promise<void>;
}

const leaveDrainMs = 10_000;
const lastWordsMs = 2_000;
const lastWordsLookMs = 20;

/** Puts a worker together. Rejects when its spool cannot be had. */
export async function startWorker(input: WorkerInput): Promise<Worker> {
  const { send, exit } = input;
  const calls = await openWorkerCalls(input);
  const { registry, metrics, ledger, limits, gateway } = calls;
  const keys = createRemoteKeys(send, input.start.hasUsers);
  const serving = await createWorkerServing(input, calls, keys);
  const { connections } = serving;
  const processMetrics = createProcessMetrics(registry, metrics);

  async function report(isWhole: boolean): Promise<WorkerReport> {
    const process = isWhole ? await processMetrics.figures() : undefined;
    return { inFlight: gateway.inFlight, series: registry.export(), process };
  }

  async function stop(code: number): Promise<void> {
    serving.stop();
    await calls.close();
    const last = await report(false);
    await new Promise<void>((resolve) => send({ type: "report", id: 0, report: last }, resolve));
    exit(code);
  }

  function receive(message: ToWorker, socket: Socket | undefined): void {
    switch (message.type) {
      case "start":
        return;
      case "data":
        serving.learn(message.data);
        return;
      case "tracing":
        calls.setTracing(message.told);
        return;
      case "log_levels":
        input.logLevels.set(message.overrides);
        return;
      case "prices":
        calls.prices.replace(message.prices);
        return;
      case "connection":
        send({ type: "taken", id: message.id });
        // Without a socket it ended on its way.
        if (socket === undefined) send({ type: "closed", ids: [message.id] });
        else connections.take(message.id, socket);
        return;
      case "lend":
        limits.lend(message.slots);
        return;
      case "recall":
        limits.recall(message);
        return;
      case "answers":
        for (const answer of message.answers) limits.answer(answer);
        return;
      case "key_found":
        keys.onFound(message.id, message.holder, message.error);
        return;
      case "identity":
        keys.onChanged(message.hasUsers, message.news);
        return;
      case "audit":
        calls.noteAudit(message.isAccepting);
        return;
      case "stored":
        ledger.onStored(message.id, message.error);
        return;
      case "report":
        void report(message.isWhole).then((each) => send({ type: "report", id: message.id, report: each }));
        return;
      case "let_go":
        connections.letGo();
        return;
      case "close":
        connections.close();
        return;
      case "close_all":
        connections.closeAll();
        return;
      case "drain":
        void gateway.drain(message.deadlineMs).then(() => send({ type: "drained" }));
        return;
      case "stop":
        void stop(0);
    }
  }

  return {
    receive,
    async leave() {
      send({ type: "leaving" });
      connections.close();
      await gateway.drain(leaveDrainMs);
      await ended(connections);
      await stop(1);
    },
  };
}

/** Lets replies that have their end go out. */
async function ended(connections: DealtConnections): Promise<void> {
  const untilMs = performance.now() + lastWordsMs;
  while (connections.count > 0 && performance.now() < untilMs) await sleep(lastWordsLookMs);
}
