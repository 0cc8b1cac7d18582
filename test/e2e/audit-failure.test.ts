import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { createFakeUpstream } from "../fakes/fake-upstream.ts";
import { ask, chat, chatBody, expectRefusal, member, metric } from "./http.ts";
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
    { operation: "audit.unavailable", actor: { kind: "platform" }, outcome: "failed" },
    { operation: "users.create", outcome: "started" },
  ]);
  await platform.stop();
  await upstream.stop();
});

describe.each([
  ["one process", {}],
  ["two workers", { LLM_PLATFORM_SERVER__WORKERS: "2", LLM_PLATFORM_SERVER__FAST_LANE: "true" }],
])("while nothing can be put on record, on a server of %s", (_what, env) => {
  test.each(["normal", "strict"])("calls of strict keys are refused, with the default %s", async (policy) => {
    const upstream = await createFakeUpstream({ dialect: "openai" });
    const keyOf = (name: string) => `${name}-key-of-the-configuration-0123456789`;
    const platform = await startPlatform({
      config: {
        integrations: [openAiIntegration("fake", upstream.origin)],
        audit: { policy },
        ledger: { seal_seconds: 1 },
        auth: {
          api_keys: [
            { name: "root", key: keyOf("root"), role: "admin", audit: "normal" },
            { name: "strict", key: keyOf("strict"), audit: "strict" },
            { name: "silent", key: keyOf("silent") },
          ],
        },
      },
      nodeFlags: ["--import", fullDisk],
      env,
    });
    const as = (key: string, path: string, body: object) =>
      ask(platform, path, { body, headers: { authorization: `Bearer ${key}` } });
    const call = (key: string) => as(key, "/v1/chat/completions", chatBody("fake/tiny-chat"));
    const made = await as(keyOf("root"), "/api/v1/keys", {
      name: "made",
      role: "developer",
      audit: "strict",
    });
    expect(made.json).toMatchObject({ audit: "strict", capture_content: false });
    const strict = [keyOf("strict"), String(member(made.json, "key"))];
    const others = [keyOf("root")];
    (policy === "strict" ? strict : others).push(keyOf("silent"));
    for (const key of [...strict, ...others]) expect((await call(key)).status).toBe(200);

    writeFileSync(join(platform.dataDirectory, "full"), "");
    // Without any change of an admin: that calls cannot be sealed is enough.
    await platform.logLine(/"event":"audit\.unavailable"/);
    await vi.waitFor(async () => {
      for (const key of strict) expectRefusal(await call(key), { status: 503, code: "audit_unavailable" });
    });
    for (const key of others) expect((await call(key)).status).toBe(200);

    rmSync(join(platform.dataDirectory, "full"));
    await platform.logLine(/"event":"audit\.available"/);
    await vi.waitFor(async () => {
      for (const key of strict) expect((await call(key)).status).toBe(200);
    });
    const { json } = await as(keyOf("root"), "/api/v1/audit/verify", {});
    expect(json).toMatchObject({ ok: true });
    await platform.stop();
    await upstream.stop();
  });
});
