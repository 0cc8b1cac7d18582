import { expect, test } from "vitest";
import { k6Program } from "../services/k6.ts";
import { rollOver } from "./rolling-run.ts";
import { canReplicate } from "./system.ts";

test.skipIf(k6Program === undefined || !canReplicate)(
  "replicas are replaced one after the other under load, and no call fails, no stream is cut, no record is missing",
  { timeout: 240_000 },
  async () => {
    const { chats, exitCodes, ...report } = await rollOver({ seconds: 8, perSecond: 20 });
    expect(chats).toMatchObject({ failed: 0, cut: 0, problems: "" });
    expect(report.unrecorded).toBe(0);
    expect(report.restarts).toBeGreaterThan(0);
    expect(new Set(exitCodes)).toEqual(new Set([0]));
    expect(Math.min(chats.rest.count, chats.stream.count)).toBeGreaterThan(50);
  },
);
