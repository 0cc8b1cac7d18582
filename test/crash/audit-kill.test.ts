import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseSync } from "node:sqlite";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { verifyAuditOffline } from "../../packages/server/src/audit-offline.ts";
import { ask } from "../e2e/http.ts";
import { type Platform, startPlatform } from "../e2e/start-platform.ts";

const kills = Number(process.env["AUDIT_KILLS"] ?? 4);
const callers = 8;
const answerLimitMs = 10_000;
const rootKey = "a-key-of-the-configuration-0123456789";

/** Makes users one after another until the server is gone, and tells which calls were answered. */
async function makeUsers(platform: Platform, name: string, answered: Set<string>): Promise<void> {
  const headers = { authorization: `Bearer ${rootKey}` };
  for (let count = 0; ; count++) {
    const body = { name: `${name} ${count}`, role: "admin", with_key: true };
    const answer = await ask(platform, "/api/v1/users", { body, headers }).catch(() => undefined);
    if (answer === undefined) return;
    expect(answer.status, answer.text).toBe(200);
    answered.add(answer.requestId);
  }
}

const rowSchema = z.object({ line: z.string() });
const lineSchema = z.object({
  request_id: z.string(),
  operation: z.string(),
  outcome: z.string(),
  target: z.object({ name: z.string().nullable() }).nullable(),
});

function readFolder(directory: string) {
  const database = new DatabaseSync(join(directory, "platform.db"), { readOnly: true });
  try {
    const rows = z.array(rowSchema).parse(database.prepare("SELECT line FROM audit_log").all());
    const users = z.array(z.object({ name: z.string() }));
    return {
      records: rows.map(({ line }) => lineSchema.parse(JSON.parse(line))),
      users: users.parse(database.prepare("SELECT name FROM users").all()).map(({ name }) => name),
    };
  } finally {
    database.close();
  }
}

test("a server that is killed has every change on record that it answered, and made none that is not", {
  timeout: 30_000 + kills * 3_000,
}, async () => {
  const directory = mkdtempSync(join(tmpdir(), "audit-kill-"));
  const config = { auth: { api_keys: [{ name: "root", key: rootKey, role: "admin" }] } };
  const answered = new Set<string>();
  for (let kill = 0; kill < kills; kill++) {
    const platform = await startPlatform({ dataDirectory: directory, config });
    const making = Array.from({ length: callers }, (_, caller) =>
      makeUsers(platform, `user ${kill} ${caller}`, answered),
    );
    const before = answered.size;
    await vi.waitUntil(() => answered.size > before, { timeout: answerLimitMs });
    await sleep((kill * 77) % 300);
    platform.kill("SIGKILL");
    await Promise.all(making);
    await platform.exit;
    expect(await verifyAuditOffline(directory)).toMatchObject({ ok: true });
  }
  const { records, users } = readFolder(directory);
  const ended = new Set(records.filter(({ outcome }) => outcome === "ok").map((each) => each.request_id));
  const begun = new Set(records.map(({ target }) => target?.name));
  expect(records.filter(({ operation }) => operation !== "users.create")).toEqual([]);
  expect(answered.size).toBeGreaterThan(kills);
  expect([...answered].filter((id) => !ended.has(id))).toEqual([]);
  expect(users.filter((name) => !begun.has(name))).toEqual([]);
  rmSync(directory, { recursive: true });
});
