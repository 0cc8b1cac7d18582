import { expect, test } from "vitest";
import { nginxProgram } from "../services/nginx.ts";
import { postgresProgram } from "../services/postgres.ts";
import { redisServer } from "../services/redis.ts";
import { rollOver } from "./rolling-run.ts";

const isMissing = nginxProgram === undefined || postgresProgram === undefined || redisServer === undefined;

test.skipIf(isMissing)(
  "replicas are replaced one after the other under load, and no call fails, no stream is cut, no record is missing",
  { timeout: 120_000 },
  async () => {
    const report = await rollOver({ rounds: 1, perSecond: 15 });
    expect(report).toMatchObject({ restarts: 2, failed: [], cut: [], unrecorded: 0, exitCodes: [0, 0] });
    expect(Math.min(report.calls, report.streams)).toBeGreaterThan(50);
  },
);
