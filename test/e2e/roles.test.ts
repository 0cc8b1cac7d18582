import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { member } from "./http.ts";
import { as, chatStatus, createKey, createUser, rootKey, withFake, withRoot } from "./identity-calls.ts";
import { type Platform, startPlatform } from "./start-platform.ts";
import { startWithWorkers } from "./worker-platform.ts";

let upstream: FakeUpstream;

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai" });
});
afterAll(() => upstream.stop());

async function createRole(platform: Platform, name: string, permissions: readonly string[]): Promise<void> {
  const answer = await as(platform, rootKey)("/api/v1/roles", { body: { name, permissions } });
  expect(answer.status, answer.text).toBe(200);
}

const patch = (body: object) => ({ method: "PATCH", body });
const put = (body: object) => ({ method: "PUT", body });

describe.each([
  [
    "one process",
    (config: Readonly<Record<string, unknown>>): Promise<Platform> => startPlatform({ config }),
  ],
  ["workers", startWithWorkers],
])("with %s", (_name, start) => {
  test("a role allows what it says, and a change of it bites at once on keys and logins", async () => {
    const platform = await start(withFake(upstream.origin, withRoot));
    await createRole(platform, "watcher", ["usage.read", "inference.call", "self.read"]);
    await createUser(platform, rootKey, { name: "root user", role: "admin" });
    const will = await createUser(platform, rootKey, { name: "will", role: "watcher", with_key: true });
    const password = "a long enough password";
    await as(platform, rootKey)(`/api/v1/users/${will.id}/password`, put({ password }));
    const login = await as(platform, undefined)("/api/v1/auth/login", { body: { name: "will", password } });
    const token = String(member(login.json, "access_token"));
    const key = will.key ?? "";
    for (const each of [key, token]) {
      for (let count = 0; count < 4; count++) expect(await chatStatus(platform, each)).toBe(200);
      expect((await as(platform, each)("/api/v1/usage")).status).toBe(200);
      expect((await as(platform, each)("/api/v1/users")).status).toBe(403);
      expect((await as(platform, each)("/api/v1/access/whoami")).json).toMatchObject({ role: "watcher" });
    }
    const path = "/api/v1/roles/watcher";
    const changed = await as(platform, rootKey)(path, patch({ permissions: ["users.read", "usage.read"] }));
    expect(changed.json).toMatchObject({ permissions: ["usage.read", "users.read"] });
    for (const each of [key, token]) {
      for (let count = 0; count < 4; count++) expect(await chatStatus(platform, each)).toBe(403);
      expect((await as(platform, each)("/api/v1/usage")).status).toBe(200);
    }
    // A key has no more than it was made with; a login is its user.
    expect((await as(platform, key)("/api/v1/users")).status).toBe(403);
    expect((await as(platform, token)("/api/v1/users")).status).toBe(200);
    const refused = await as(platform, rootKey)(path, { method: "DELETE" });
    expect(refused.status, refused.text).toBe(409);
    expect((await as(platform, rootKey)(`/api/v1/users/${will.id}`, put({ role: "viewer" }))).status).toBe(
      200,
    );
    expect((await as(platform, rootKey)(path, { method: "DELETE" })).status).toBe(200);
    expect((await as(platform, rootKey)(path)).status).toBe(404);
    await platform.stop();
  });
});

describe("roles", () => {
  let platform: Platform;

  beforeAll(async () => {
    platform = await startPlatform({ config: withFake(upstream.origin, withRoot) });
    await createUser(platform, rootKey, { name: "ada", role: "admin", with_key: true });
  });
  afterAll(() => platform.stop());

  test.each(["admin", "operator", "developer", "viewer"])("%s stays as it is", async (name) => {
    const path = `/api/v1/roles/${name}`;
    expect((await as(platform, rootKey)(path)).json).toMatchObject({ name, is_built_in: true });
    const permissions = ["self.read"];
    expect((await as(platform, rootKey)(path, patch({ permissions }))).status).toBe(409);
    expect((await as(platform, rootKey)(path, { method: "DELETE" })).status).toBe(409);
    expect((await as(platform, rootKey)("/api/v1/roles", { body: { name, permissions } })).status).toBe(409);
  });

  test("the list has all of them and every permission, and the routes name them", async () => {
    await createRole(platform, "scraper", ["metrics.read"]);
    const { json } = await as(platform, rootKey)("/api/v1/roles");
    expect(json).toMatchObject({
      roles: [
        { name: "admin" },
        { name: "operator" },
        { name: "developer" },
        { name: "viewer" },
        { name: "scraper", is_built_in: false, permissions: ["metrics.read"] },
      ],
      permissions: expect.arrayContaining([{ name: "roles.write", summary: expect.any(String) }]),
    });
    const routes = await as(platform, rootKey)("/api/v1/access/routes");
    expect(member(routes.json, "routes")).toContainEqual({
      method: "GET",
      path: "/metrics",
      permission: "metrics.read",
      roles: ["admin", "operator", "viewer", "scraper"],
    });
  });

  test.each([
    [{ name: "Upper", permissions: ["self.read"] }, 400, "/name"],
    [{ name: "a'--", permissions: ["self.read"] }, 400, "/name"],
    [{ name: "none", permissions: [] }, 400, "/permissions"],
    [{ name: "odd", permissions: ["everything"] }, 400, "/permissions/0"],
  ])("%j is refused", async (body, status, field) => {
    const answer = await as(platform, rootKey)("/api/v1/roles", { body });
    expect(answer.status, answer.text).toBe(status);
    expect(member(answer.json, "errors")).toMatchObject([{ pointer: field }]);
  });

  test("nobody has a role that does not exist", async () => {
    const body = { name: "zoe", role: "ghost" };
    const made = await as(platform, rootKey)("/api/v1/users", { body });
    expect(made.status, made.text).toBe(400);
    expect(member(made.json, "errors")).toMatchObject([{ pointer: "/role" }]);
    const key = await as(platform, rootKey)("/api/v1/keys", { body: { name: "zoe", role: "ghost" } });
    expect(key.status).toBe(400);
  });

  test("who manages callers gets no further by it", async () => {
    const scopes = ["users.read", "users.write", "roles.write", "keys.write", "inference.call"];
    const manager = (await createKey(platform, rootKey, { name: "manager", scopes })).key;
    const boss = await createUser(platform, rootKey, { name: "boss", role: "admin", with_key: true });
    const bossKeys = await as(platform, rootKey)(`/api/v1/keys?owner=${boss.id}`);
    const bossKey = member(member(member(bossKeys.json, "keys"), "0"), "id");
    await createRole(platform, "strong", ["secrets.manage"]);
    await createRole(platform, "caller", ["inference.call"]);
    const password = "a long enough password";
    const { id } = await createUser(platform, manager, { name: "small", role: "caller" });
    const tries: readonly (readonly [string, string, object?])[] = [
      ["POST", "/api/v1/users", { name: "evil", role: "admin", with_key: true }],
      ["POST", "/api/v1/users", { name: "evil", role: "strong" }],
      ["PUT", `/api/v1/users/${id}`, { role: "admin" }],
      ["PUT", `/api/v1/users/${boss.id}`, { is_active: false }],
      ["PUT", `/api/v1/users/${boss.id}/password`, { password }],
      ["DELETE", `/api/v1/users/${boss.id}`],
      ["POST", "/api/v1/roles", { name: "evil", permissions: ["audit.read"] }],
      ["PATCH", "/api/v1/roles/caller", { permissions: ["inference.call", "audit.read"] }],
      ["PATCH", "/api/v1/roles/strong", { permissions: ["inference.call"] }],
      ["DELETE", "/api/v1/roles/strong"],
      ["PATCH", `/api/v1/keys/${String(bossKey)}`, { name: "mine" }],
      ["POST", `/api/v1/keys/${String(bossKey)}/rotate`, {}],
    ];
    for (const [method, path, body] of tries) {
      const answer = await as(platform, manager)(path, { method, body });
      expect(answer.status, `${method} ${path}: ${answer.text}`).toBe(403);
    }
    expect(
      (await as(platform, manager)("/api/v1/roles/caller", patch({ description: "calls" }))).status,
    ).toBe(200);
    expect(await chatStatus(platform, boss.key ?? "")).toBe(200);
  });
});
