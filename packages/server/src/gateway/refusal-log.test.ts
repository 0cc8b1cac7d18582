import { expect, test } from "vitest";
import type { RefusedCall } from "../core/refused-call.ts";
import { createPlatformMetrics } from "../telemetry/platform-metrics.ts";
import { createMetricRegistry } from "../telemetry/registry.ts";
import { createRefusalLog } from "./refusal-log.ts";

function setUp(write?: (calls: readonly RefusedCall[]) => Promise<void>) {
  const written: string[] = [];
  const registry = createMetricRegistry();
  const log = createRefusalLog({
    write: write ?? (async (calls) => void written.push(...calls.map(({ requestId }) => requestId))),
    lost: createPlatformMetrics(registry).requestLogLost.series(),
  });
  const note = (count: number) => {
    for (let number = 1; number <= count; number++) log.note(refusal(`req_${number}`));
  };
  const lost = () => Number(/^llm_request_log_lost_total (\d+)$/m.exec(registry.expose())?.[1]);
  return { log, note, lost, written };
}

function refusal(requestId: string): RefusedCall {
  return {
    requestId,
    startedAtMs: 1,
    durationMs: 0,
    principal: "dev",
    operation: "chat",
    requestedModel: "none",
    stream: false,
    attempts: 0,
    httpStatus: 404,
    errorCode: "model_not_found",
    message: "The model does not exist.",
    stages: null,
    notes: null,
  };
}

test("of what is refused in one beat a hundred are kept, and the rest is counted", async () => {
  const { log, note, lost, written } = setUp();
  note(150);
  await log.close();
  expect(written).toHaveLength(100);
  expect(written.at(-1)).toBe("req_100");
  expect(lost()).toBe(50);
});

test("what the database does not take is counted", async () => {
  const { log, note, lost } = setUp(async () => await Promise.reject(new Error("away")));
  note(7);
  await log.close();
  expect(lost()).toBe(7);
});
