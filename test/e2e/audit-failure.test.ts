import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { createFakeUpstream } from "../fakes/fake-upstream.ts";
import { ask, chat, member, metric } from "./http.ts";
import { openAiIntegration, startPlatform } from "./start-platform.ts";

const fullDisk = fileURLToPath(new URL("../fakes/full-audit-disk.mjs", import.meta.url));

test("nothing is changed while no sink takes a record, models are called all the same, and then all is well", async () => {
  const upstream = await createFakeUpstream({ dialect: "openai" });
  const platform = await startPlatform({
    config: { integrations: [openAiIntegration("fake", upstream.origin)] },
    nodeFlags: ["--import", fullDisk],
  });
  const status = async () => (await ask(platform, "/integrations/fake/status")).json;
  const users = async () => member((await ask(platform, "/api/v1/users")).json, "users");
  const before = await status();
  for (const sink of ["database", "file"])
    expect((await ask(platform, "/metrics")).text).toContain(
      `llm_audit_write_failures_total{sink="${sink}"} 0`,
    );

  writeFileSync(join(platform.dataDirectory, "full"), "");
  const changes = [
    ["POST", "/api/v1/users", { name: "ada", role: "admin" }],
    ["PUT", "/integrations/fake/config", { priority: 7 }],
    ["POST", "/integrations/fake/restart", {}],
    ["POST", "/local/ollama/pull", { model: "tiny" }],
  ] as const;
  for (const [method, path, body] of changes) {
    const answer = await ask(platform, path, { method, body });
    expect(answer.status, answer.text).toBe(503);
    expect(answer.json).toMatchObject({ title: "audit unavailable" });
    expect(answer.text).not.toContain("no space");
  }
  expect(await users()).toEqual([]);
  expect(await status()).toEqual(before);
  expect((await chat(platform, "fake/tiny-chat")).status).toBe(200);
  expect(await metric(platform, "llm_audit_write_failures_total", 'sink="database"')).toBeGreaterThan(0);
  expect(await metric(platform, "llm_audit_write_failures_total", 'sink="file"')).toBeGreaterThan(0);
  expect(platform.log()).toContain('"event":"audit.sink_failed"');

  rmSync(join(platform.dataDirectory, "full"));
  const changed = await ask(platform, "/integrations/fake/config", { method: "PUT", body: { priority: 7 } });
  expect(changed.json).toMatchObject({ priority: 7 });
  const { json } = await ask(platform, "/api/v1/audit/verify", { body: {} });
  expect(json).toMatchObject({ ok: true, first_bad: null });
  const records = member((await ask(platform, "/api/v1/audit")).json, "records");
  expect(records).toMatchObject([
    { operation: "integrations.configure", outcome: "ok" },
    { operation: "integrations.configure", outcome: "started" },
    ...changes.map(() => ({ outcome: "failed", error_code: "audit_unavailable" })),
    { operation: "users.create", outcome: "started" },
  ]);
  await platform.stop();
  await upstream.stop();
});
