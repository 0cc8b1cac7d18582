import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ghzProgram } from "../services/ghz.ts";
import { k6Program } from "../services/k6.ts";
import { runGrpc } from "./grpc-run.ts";
import { parseTrace, toArrivals } from "./k6/trace.ts";
import { runProfiles } from "./profile-run.ts";
import { startSingle, type System } from "./system.ts";

const pace = { firstTokenDelayMs: 20, tokenDelayMs: 2 };
const short = { seconds: 2, perSecond: 15, mostTokens: 20 } as const;

test("a trace keeps its pace, and begins anew behind its last call", () => {
  const trace = parseTrace(readFileSync(new URL("traces/azure-conversations.csv", import.meta.url), "utf8"));
  expect(trace[1]).toMatchObject({ promptTokens: 396, answerTokens: 109 });
  expect(trace[1]?.atMs).toBeCloseTo(4_315, -1);
  const arrivals = toArrivals(trace, 500, 20);
  expect(arrivals).toHaveLength(500);
  expect(arrivals).toEqual(arrivals.toSorted((a, b) => a - b));
  expect(arrivals[399]).toBeCloseTo(399 * 50);
  expect(arrivals[400]).toBeCloseTo(400 * 50);
});

describe("one server", () => {
  let system: System;
  beforeAll(async () => {
    system = await startSingle(pace);
  });
  afterAll(() => system?.stop());

  test.skipIf(k6Program === undefined)(
    "under every profile each call is answered whole and recorded once",
    { timeout: 300_000 },
    async () => {
      const plans = (["load", "stress", "spike", "trace"] as const).map((profile) => ({ ...short, profile }));
      const reports = await runProfiles(system, plans);
      for (const report of reports) {
        expect(report).toMatchObject({ failed: 0, cut: 0, unrecorded: 0 });
        expect(report.calls).toBeGreaterThan(20);
      }
    },
  );

  test.skipIf(ghzProgram === undefined)(
    "over gRPC each answer and each stream ends with OK",
    { timeout: 120_000 },
    async () => {
      for (const report of await runGrpc(system, short))
        expect(report).toMatchObject({ calls: 30, failed: {} });
    },
  );
});
