import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { member } from "./http.ts";
import { as, chatStatus, createKey, createUser, rootKey, withFake, withRoot } from "./identity-calls.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

let upstream: FakeUpstream;
let platform: Platform;

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai" });
  platform = await startPlatform({ config: withFake(upstream.origin, withRoot) });
  await createUser(platform, rootKey, { name: "ada", role: "admin" });
});
afterAll(async () => {
  await platform.stop();
  await upstream.stop();
});

function update(id: string, body: object, by = rootKey) {
  return as(platform, by)(`/api/v1/keys/${id}`, { method: "PATCH", body });
}

test("a new name is in the ledger from then on, and no two keys have one", async () => {
  const { id, key } = await createKey(platform, rootKey, { name: "old name" });
  await createKey(platform, rootKey, { name: "taken" });
  expect(await chatStatus(platform, key)).toBe(200);
  expect((await update(id, { name: "new name" })).json).toMatchObject({ id, name: "new name" });
  expect(await chatStatus(platform, key)).toBe(200);
  const names = (await platform.ledgerRows({ count: 2 })).map(({ principal }) => principal);
  expect(names).toEqual(["old name", "new name"]);
  for (const name of ["taken", "root"]) {
    const refused = await update(id, { name });
    expect(refused.status, refused.text).toBe(409);
    expect(member(refused.json, "errors")).toMatchObject([{ pointer: "/name" }]);
  }
  expect((await update(id, { name: "new name" })).status).toBe(200);
});

test("a limit that changes bites with the next call, and keeps what is used", async () => {
  const { id, key } = await createKey(platform, rootKey, { name: "slow", requests_per_minute: 2 });
  const statuses = [];
  for (let count = 0; count < 3; count++) statuses.push(await chatStatus(platform, key));
  expect(statuses).toEqual([200, 200, 429]);
  expect((await update(id, { requests_per_minute: 3 })).json).toMatchObject({ requests_per_minute: 3 });
  expect(await chatStatus(platform, key)).toBe(200);
  expect(await chatStatus(platform, key)).toBe(429);
  expect((await update(id, { requests_per_minute: null, max_concurrent: 3 })).json).toMatchObject({
    requests_per_minute: null,
    max_concurrent: 3,
  });
  expect(await chatStatus(platform, key)).toBe(200);
});

test("an end is set, moved and taken away", async () => {
  const { id, key } = await createKey(platform, rootKey, { name: "ending" });
  const soonMs = Date.now() + 1_500;
  const soon = new Date(soonMs).toISOString();
  expect((await update(id, { expires_at: soon })).json).toMatchObject({ expires_at: soon });
  expect(await chatStatus(platform, key)).toBe(200);
  await sleep(Math.max(0, soonMs + 50 - Date.now()));
  expect(await chatStatus(platform, key)).toBe(401);
  expect((await update(id, { expires_at: null })).json).toMatchObject({ expires_at: null });
  expect(await chatStatus(platform, key)).toBe(200);
  expect((await update(id, { expires_at: "2020-01-01T00:00:00Z" })).status).toBe(400);
});

test("scopes change at once, to no more than caller and owner may", async () => {
  const bob = await createUser(platform, rootKey, { name: "bob", role: "developer", with_key: true });
  const { id, key } = await createKey(platform, rootKey, {
    name: "bob laptop",
    owner: bob.id,
    scopes: ["inference.call", "models.read"],
  });
  expect(await chatStatus(platform, key)).toBe(200);
  expect((await update(id, { scopes: ["models.read"] })).json).toMatchObject({ scopes: ["models.read"] });
  expect(await chatStatus(platform, key)).toBe(403);
  const beyondOwner = await update(id, { scopes: ["usage.read"] });
  expect(beyondOwner.status, beyondOwner.text).toBe(400);
  expect(member(beyondOwner.json, "errors")).toMatchObject([{ pointer: "/scopes" }]);
  const made = await as(platform, rootKey)("/api/v1/keys", {
    body: { name: "too much", owner: bob.id, scopes: ["usage.read"] },
  });
  expect(made.status, made.text).toBe(400);
  const writer = await createKey(platform, rootKey, {
    name: "writer",
    scopes: ["keys.write", "models.read"],
  });
  expect((await update(id, { scopes: ["models.read", "inference.call"] }, writer.key)).status).toBe(403);
  expect((await update(id, { name: "bob desktop" }, writer.key)).status).toBe(200);
});

test("what is revoked or not there is not changed", async () => {
  const { id } = await createKey(platform, rootKey, { name: "gone" });
  await as(platform, rootKey)(`/api/v1/keys/${id}`, { method: "DELETE" });
  expect((await update(id, { max_concurrent: 1 })).status).toBe(409);
  expect((await update("key_none", { max_concurrent: 1 })).status).toBe(404);
});
