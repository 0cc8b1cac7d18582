import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { member } from "./http.ts";
import { as, chatStatus, createKey, createUser, rootKey, withFake, withRoot } from "./identity-calls.ts";
import { type Platform, startPlatform } from "./start-platform.ts";
import { startWithWorkers } from "./worker-platform.ts";

const rotatedKey = z.object({ id: z.string(), key: z.string() });

let upstream: FakeUpstream;

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai" });
});
afterAll(() => upstream.stop());

const configOf = (more: Readonly<Record<string, unknown>> = {}) => withFake(upstream.origin, more);

/** How long calls with a key go on until one is refused, in milliseconds. */
async function refusedAfterMs(platform: Platform, key: string): Promise<number> {
  const startMs = performance.now();
  while ((await chatStatus(platform, key)) !== 401) {
    if (performance.now() - startMs > 5_000) throw new Error("the key still works after five seconds");
    await sleep(10);
  }
  return performance.now() - startMs;
}

describe.each([
  ["one process", startPlatform],
  [
    "workers",
    ({ config }: { readonly config: Readonly<Record<string, unknown>> }) => startWithWorkers(config),
  ],
])("a key made through the API, with %s", (_name, start) => {
  test("works at once, is in the ledger by its name, and ends with its revocation", async () => {
    const platform = await start({ config: configOf(withRoot) });
    const made = await createKey(platform, rootKey, { name: "laptop" });
    expect(made.key).toMatch(/^llmp_[\w-]{43}$/);
    expect(made.key.startsWith(made.prefix)).toBe(true);
    expect(made.scopes).toEqual([
      "inference.call",
      "graphql.explore",
      "models.read",
      "usage.read_own",
      "self.read",
      "self.write",
    ]);
    for (let count = 0; count < 6; count++) expect(await chatStatus(platform, made.key)).toBe(200);
    expect((await as(platform, made.key)("/api/v1/system")).status).toBe(403);
    const rows = await platform.ledgerRows({ count: 6 });
    expect(rows.map(({ principal }) => principal)).toEqual(Array.from({ length: 6 }, () => "laptop"));
    const revoked = await as(platform, rootKey)(`/api/v1/keys/${made.id}`, { method: "DELETE" });
    expect(revoked.status, revoked.text).toBe(200);
    expect(await refusedAfterMs(platform, made.key)).toBeLessThan(1_000);
    for (let count = 0; count < 6; count++) expect(await chatStatus(platform, made.key)).toBe(401);
    await platform.stop();
  });

  test("goes on under its text from before a rotation for as long as it was given", async () => {
    const platform = await start({ config: configOf(withRoot) });
    const made = await createKey(platform, rootKey, { name: "laptop" });
    const body = { grace_seconds: 2 };
    const answer = await as(platform, rootKey)(`/api/v1/keys/${made.id}/rotate`, { body });
    const rotated = rotatedKey.parse(answer.json);
    expect(rotated.id).toBe(made.id);
    expect(rotated.key).not.toBe(made.key);
    expect(await chatStatus(platform, made.key)).toBe(200);
    expect(await chatStatus(platform, rotated.key)).toBe(200);
    expect(await refusedAfterMs(platform, made.key)).toBeLessThan(3_000);
    expect(await chatStatus(platform, rotated.key)).toBe(200);
    await platform.stop();
  });
});

test("the text of a key is in its answer, and in no list, log or file", async () => {
  const platform = await startPlatform({ config: configOf(withRoot) });
  const { id, key } = await createKey(platform, rootKey, { name: "laptop" });
  expect(await chatStatus(platform, key)).toBe(200);
  expect(await chatStatus(platform, `${key.slice(0, -1)}~`)).toBe(401);
  const secret = key.slice(12);
  for (const path of ["/api/v1/keys", `/api/v1/keys/${id}`, "/api/v1/usage", "/metrics"]) {
    const answer = await as(platform, rootKey)(path);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.text).not.toContain(secret);
  }
  await platform.ledgerRows({ count: 1 });
  platform.kill("SIGTERM");
  await platform.exit;
  expect(platform.log()).not.toContain(secret);
  const files = readdirSync(platform.dataDirectory, { recursive: true, withFileTypes: true });
  for (const file of files.filter((each) => each.isFile())) {
    expect(readFileSync(join(file.parentPath, file.name)).includes(secret), file.name).toBe(false);
  }
});

test("keys and users outlive a restart", async () => {
  const platform = await startPlatform({ config: configOf() });
  const { key } = await createUser(platform, undefined, { name: "ada", role: "admin" });
  platform.kill("SIGTERM");
  await platform.exit;
  const again = await startPlatform({ config: configOf(), dataDirectory: platform.dataDirectory });
  expect(await chatStatus(again, key ?? "")).toBe(200);
  expect(await chatStatus(again, undefined)).toBe(401);
  await again.stop();
  await platform.stop();
});

test.each(["0", "2"])("with the first user every caller needs a key (%s workers)", async (workers) => {
  const platform = await startPlatform({
    config: configOf(),
    env: {
      LLM_PLATFORM_SERVER__WORKERS: workers,
      ...(workers === "0" ? {} : { LLM_PLATFORM_SERVER__FAST_LANE: "true" }),
    },
  });
  expect(await chatStatus(platform, undefined)).toBe(200);
  const refused = await as(platform, undefined)("/api/v1/users", { body: { name: "bob", role: "viewer" } });
  expect(refused.status).toBe(400);
  expect(member(refused.json, "errors"), refused.text).toMatchObject([{ pointer: "/role" }]);
  const ada = await createUser(platform, undefined, { name: "ada", role: "admin" });
  for (let count = 0; count < 6; count++) {
    expect(await chatStatus(platform, undefined)).toBe(401);
    expect(await chatStatus(platform, ada.key ?? "")).toBe(200);
  }
  expect((await as(platform, undefined)("/api/v1/users")).status).toBe(401);
  await platform.stop();
});

test.each(["0", "2"])("of two first users at once one is made (%s workers)", async (workers) => {
  const platform = await startPlatform({
    config: configOf(),
    env: { LLM_PLATFORM_SERVER__WORKERS: workers },
  });
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_each, number) =>
      as(platform, undefined)("/api/v1/users", { body: { name: `first ${number}`, role: "admin" } }),
    ),
  );
  const made = answers.filter(({ status }) => status === 200);
  expect(made).toHaveLength(1);
  for (const { status, text } of answers.filter((each) => each !== made[0]))
    expect([401, 409], text).toContain(status);
  const key = String(member(made[0]?.json, "key"));
  expect(member((await as(platform, key)("/api/v1/users")).json, "users")).toHaveLength(1);
  await platform.stop();
});

describe("bounds", () => {
  let platform: Platform;

  beforeAll(async () => {
    platform = await startPlatform({ config: configOf(withRoot) });
    await createUser(platform, rootKey, { name: "ada", role: "admin", with_key: true });
  });
  afterAll(() => platform.stop());

  test("a key never may more than its owner, whenever that changes", async () => {
    const bob = await createUser(platform, rootKey, { name: "bob", role: "operator", with_key: true });
    const key = bob.key ?? "";
    expect((await as(platform, key)("/api/v1/usage")).status).toBe(200);
    const change = (body: object) =>
      as(platform, rootKey)(`/api/v1/users/${bob.id}`, { method: "PUT", body });
    expect((await change({ role: "developer" })).status).toBe(200);
    expect((await as(platform, key)("/api/v1/usage")).status).toBe(403);
    expect(await chatStatus(platform, key)).toBe(200);
    expect((await change({ is_active: false })).status).toBe(200);
    expect(await chatStatus(platform, key)).toBe(401);
    expect((await change({ is_active: true })).status).toBe(200);
    expect(await chatStatus(platform, key)).toBe(200);
    expect((await as(platform, rootKey)(`/api/v1/users/${bob.id}`, { method: "DELETE" })).status).toBe(200);
    expect(await chatStatus(platform, key)).toBe(401);
  });

  test("a key's own limit holds", async () => {
    const { key } = await createKey(platform, rootKey, { name: "slow", requests_per_minute: 2 });
    const statuses = [
      await chatStatus(platform, key),
      await chatStatus(platform, key),
      await chatStatus(platform, key),
    ];
    expect(statuses).toEqual([200, 200, 429]);
  });

  test("a user's limit holds for all of the user's keys together, and a change of it at once", async () => {
    const { json } = await as(platform, rootKey)("/api/v1/users", {
      body: { name: "eve", role: "developer", requests_per_minute: 3 },
    });
    const eve = z
      .object({ id: z.string(), requests_per_minute: z.number(), max_concurrent: z.null() })
      .parse(json);
    const [one, two] = [
      await createKey(platform, rootKey, { name: "eve-1", owner: eve.id, role: "developer" }),
      await createKey(platform, rootKey, {
        name: "eve-2",
        owner: eve.id,
        role: "developer",
        tokens_per_minute: 9,
      }),
    ];
    const statuses: number[] = [];
    for (const { key } of [one, two, one, one]) statuses.push(await chatStatus(platform, key));
    expect(statuses).toEqual([200, 200, 200, 429]);
    const change = (body: object) =>
      as(platform, rootKey)(`/api/v1/users/${eve.id}`, { method: "PUT", body });
    expect(await change({ max_concurrent: 7 })).toMatchObject({
      json: { requests_per_minute: 3, tokens_per_minute: null, max_concurrent: 7 },
    });
    expect(await chatStatus(platform, one.key)).toBe(429);
    expect((await change({ requests_per_minute: null })).json).toMatchObject({ requests_per_minute: null });
    expect(await chatStatus(platform, one.key)).toBe(200);
    const keys = await as(platform, rootKey)(`/api/v1/keys?owner=${eve.id}`);
    expect(keys.json).toMatchObject({
      keys: expect.arrayContaining([expect.objectContaining({ name: "eve-2", tokens_per_minute: 9 })]),
    });
  });

  test("nobody makes a key that may more than its maker", async () => {
    const { key } = await createKey(platform, rootKey, {
      name: "maker",
      scopes: ["keys.write", "inference.call"],
    });
    const refused = await as(platform, key)("/api/v1/keys", { body: { name: "more", role: "operator" } });
    expect(refused.status).toBe(403);
    expect(refused.text).toContain("usage.read");
    const made = await createKey(platform, key, { name: "same", scopes: ["inference.call"] });
    expect(await chatStatus(platform, made.key)).toBe(200);
  });

  test("the last active admin stays", async () => {
    const { json } = await as(platform, rootKey)("/api/v1/users");
    const { users } = z
      .object({ users: z.array(z.object({ id: z.string(), name: z.string() })) })
      .parse(json);
    const ada = users.find(({ name }) => name === "ada")?.id ?? "";
    const path = `/api/v1/users/${ada}`;
    const last = { status: 409, text: expect.stringContaining("last active admin") };
    expect(await as(platform, rootKey)(path, { method: "DELETE" })).toMatchObject(last);
    expect(await as(platform, rootKey)(path, { method: "PUT", body: { role: "viewer" } })).toMatchObject(
      last,
    );
    const off = { method: "PUT", body: { is_active: false } };
    expect(await as(platform, rootKey)(path, off)).toMatchObject(last);
  });

  test.each([
    [{ name: "root" }, 409, "/name"],
    [{ name: "" }, 400, "/name"],
    [{ name: "new\nline" }, 400, "/name"],
    [{ name: "late", expires_at: "2020-01-01T00:00:00Z" }, 400, "/expires_at"],
    [{ name: "late", expires_at: "tomorrow" }, 400, "/expires_at"],
    [{ name: "both", role: "viewer", scopes: ["models.read"] }, 400, "/scopes"],
    [{ name: "odd", scopes: ["everything"] }, 400, "/scopes/0"],
    [{ name: "none", scopes: [] }, 400, "/scopes"],
    [{ name: "whose", owner: "user_nobody" }, 400, "/owner"],
    [{ name: "zero", requests_per_minute: 0 }, 400, "/requests_per_minute"],
    [{ name: "words", tokens_per_minute: "many" }, 400, "/tokens_per_minute"],
    [{ name: "none", max_concurrent: 0 }, 400, "/max_concurrent"],
    [{ name: "typo", scope: ["models.read"] }, 400, "/"],
  ])("%j is refused", async (body, status, field) => {
    const answer = await as(platform, rootKey)("/api/v1/keys", { body });
    expect(answer.status, answer.text).toBe(status);
    expect(member(answer.json, "errors"), answer.text).toMatchObject([{ pointer: field }]);
  });

  test("two keys cannot have one name, nor can one be changed that is not there", async () => {
    await createKey(platform, rootKey, { name: "twice" });
    const again = await as(platform, rootKey)("/api/v1/keys", { body: { name: "twice" } });
    expect(again.status, again.text).toBe(409);
    const gone = await as(platform, rootKey)("/api/v1/keys/key_none", { method: "DELETE" });
    expect(gone.status).toBe(404);
    const rotated = await as(platform, rootKey)("/api/v1/keys/key_none/rotate", { body: {} });
    expect(rotated.status).toBe(404);
  });
});
