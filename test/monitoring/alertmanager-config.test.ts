import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  alertmanagerConfig,
  type AlertmanagerConfigInput,
} from "../../packages/server/src/telemetry/alerting/alertmanager-config.ts";
import { findService } from "../../tools/services.ts";

const amtool = findService("amtool");

const slack = { apiUrlFile: "/run/secrets/slack" };
const email = {
  to: ["a@example.com", "b@example.com"],
  from: "llm-platform@example.com",
  smarthost: "mail.example.com:587",
  username: "llm",
  passwordFile: "/run/secrets/smtp",
  requireTls: true,
};

test.skipIf(amtool === undefined).each<[string, AlertmanagerConfigInput]>([
  ["nobody", {}],
  ["Slack", { slack: { ...slack, channel: "#llm" } }],
  ["mail", { email }],
  ["both", { slack, email }],
])("amtool finds no fault with a configuration that tells %s", async (_, input) => {
  const folder = await mkdtemp(join(tmpdir(), "llm-platform-amtool-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "alertmanager.yml");
  await writeFile(file, alertmanagerConfig(input));
  const { status, stdout, stderr } = spawnSync(amtool ?? "", ["check-config", file], { encoding: "utf8" });
  expect(status, stdout + stderr).toBe(0);
  expect(stdout).toContain("4 inhibit rules");
});
