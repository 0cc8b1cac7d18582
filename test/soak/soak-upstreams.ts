import { openAiIntegration } from "../e2e/start-platform.ts";
import { createFakeUpstream } from "../fakes/fake-upstream.ts";
import type { Fault } from "../fakes/fault.ts";

/** The upstreams of a soak: one in health, one that fails in every way by turns, one with long streams. */
export type SoakUpstreams = {
  /** For the configuration. */
  readonly integrations: readonly Readonly<Record<string, unknown>>[];
  readonly openConnections: number;
  stop(): Promise<void>;
};

const faults: readonly Fault[] = [
  { kind: "status", status: 500 },
  { kind: "status", status: 429, retryAfter: { form: "seconds", value: 1 } },
  { kind: "reset-before-head" },
  { kind: "reset-after-events", events: 2 },
  { kind: "end-after-events", events: 2, framing: "cut" },
  { kind: "end-after-events", events: 2 },
  { kind: "broken-chunks", defect: "bad-size" },
  { kind: "invalid-json", events: 1 },
  { kind: "error-event", events: 1 },
  { kind: "hang" },
  { kind: "html" },
  { kind: "huge-headers" },
  { kind: "leaky-error" },
  { kind: "wrong-length", by: 5 },
  { kind: "raw", bytes: "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello" },
  { kind: "silence-after-events", events: 2 },
  { kind: "close-on-arrival" },
  { kind: "close-after-reply" },
  { kind: "drip", bytes: 7 },
];
/** Half of the time the faulty one is in health, so that its breaker closes again. */
const turns: readonly Fault[] = faults.flatMap((fault): Fault[] => [{ kind: "healthy" }, fault]);

const nextFaultMs = 1_500;

export async function startSoakUpstreams(): Promise<SoakUpstreams> {
  const make = (chunks: number, tokenDelayMs: number) =>
    createFakeUpstream({ dialect: "openai", models: ["tiny-chat"], chunks, tokenDelayMs, keepRequests: 1 });
  const healthy = await make(12, 2);
  const faulty = await make(6, 1);
  const long = await make(6_000, 0);
  let turn = 0;
  const turning = setInterval(() => {
    const fault = turns[turn++ % turns.length];
    if (fault !== undefined) faulty.always(fault);
  }, nextFaultMs);
  const all = [healthy, faulty, long];
  return {
    integrations: [
      openAiIntegration("fake", healthy.origin),
      openAiIntegration("faulty", faulty.origin),
      openAiIntegration("long", long.origin),
    ],
    get openConnections() {
      return all.reduce((sum, { openConnections }) => sum + openConnections, 0);
    },
    stop: async () => {
      clearInterval(turning);
      await Promise.all(all.map((upstream) => upstream.stop()));
    },
  };
}
