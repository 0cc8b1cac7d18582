import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { type Answer, ask, type Asking, member } from "./http.ts";
import { runLlmp } from "./cli-process.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

const rootKey = "a-key-of-the-configuration-0123456789";
const operatorKey = "an-operator-of-the-configuration-01234";
const password = "correct horse battery staple";
const sessions = z.object({
  sessions: z.array(z.object({ id: z.string(), user: z.string(), is_current: z.boolean() })),
  next_cursor: z.string().nullable(),
});

let platform: Platform;

beforeAll(async () => {
  platform = await startPlatform({
    config: {
      auth: {
        api_keys: [
          { name: "root", key: rootKey, role: "admin" },
          { name: "operator", key: operatorKey, role: "operator" },
        ],
      },
      limits: { default_user: { requests_per_minute: 500 } },
    },
  });
  await makeUser("first", { role: "admin" });
});
afterAll(() => platform.stop());

function as(key: string, path: string, asking: Asking = {}): Promise<Answer> {
  return ask(platform, path, { ...asking, headers: { authorization: `Bearer ${key}` } });
}

async function makeUser(name: string, fields: Readonly<Record<string, unknown>>): Promise<string> {
  const made = await as(rootKey, "/api/v1/users", { body: { name, ...fields } });
  expect(made.status, made.text).toBe(200);
  const id = String(member(made.json, "id"));
  await as(rootKey, `/api/v1/users/${id}/password`, { method: "PUT", body: { password } });
  return id;
}

async function login(name: string): Promise<string> {
  const answer = await ask(platform, "/api/v1/auth/login", { body: { name, password } });
  return String(member(answer.json, "access_token"));
}

async function sessionsOf(user: string): Promise<z.output<typeof sessions>> {
  return sessions.parse((await as(rootKey, `/api/v1/sessions?user=${user}`)).json);
}

const whoami = async (token: string) => (await as(token, "/api/v1/access/whoami")).status;

test("a login is listed while it goes on, and one that an admin ends is dead", async () => {
  const id = await makeUser("ada", { role: "admin" });
  const [one, other] = [await login("ada"), await login("ada")];
  const listed = await as(one, `/api/v1/sessions?user=${id}`);
  const own = sessions.parse(listed.json).sessions.filter((each) => each.is_current);
  expect(own).toHaveLength(1);
  expect(listed.text).not.toContain("llmr_");
  const [, ...others] = (await sessionsOf(id)).sessions.toSorted(
    (a, b) => Number(b.id === own[0]?.id) - Number(a.id === own[0]?.id),
  );
  expect(others).toHaveLength(1);
  const path = `/api/v1/sessions/${others[0]?.id}`;
  expect((await as(operatorKey, path, { method: "DELETE" })).status).toBe(403);
  expect((await as(rootKey, path, { method: "DELETE" })).status).toBe(200);
  await expect.poll(() => whoami(other)).toBe(401);
  expect(await whoami(one)).toBe(200);
  expect((await as(rootKey, path, { method: "DELETE" })).status).toBe(404);
  expect((await sessionsOf(id)).sessions).toHaveLength(1);
  const audit = await as(rootKey, "/api/v1/audit?operation=sessions.end&limit=10");
  expect(audit.text).toContain(String(others[0]?.id));
});

test("every login of a user ends at once, and pages of them go on where the one before ended", async () => {
  const id = await makeUser("bob", { role: "developer" });
  const tokens = [await login("bob"), await login("bob"), await login("bob")];
  const first = sessions.parse((await as(rootKey, `/api/v1/sessions?user=${id}&limit=2`)).json);
  const rest = `/api/v1/sessions?user=${id}&limit=2&cursor=${first.next_cursor}`;
  const last = sessions.parse((await as(rootKey, rest)).json);
  expect([first.sessions.length, last.sessions.length, last.next_cursor]).toEqual([2, 1, null]);
  const ended = await as(rootKey, `/api/v1/users/${id}/sessions`, { method: "DELETE" });
  expect(ended.json).toEqual({ ended: 3 });
  for (const token of tokens) await expect.poll(() => whoami(token)).toBe(401);
  expect((await sessionsOf(id)).sessions).toEqual([]);
});

test("what a user may do is told with the role that allows it, and is nothing for who is not active", async () => {
  const made = await as(rootKey, "/api/v1/teams", { body: { name: "blue", max_concurrent: 3 } });
  const team = String(member(made.json, "id"));
  await as(rootKey, "/api/v1/roles", { body: { name: "reader", permissions: ["models.read"] } });
  const id = await makeUser("eve", { role: "reader", team });
  const path = `/api/v1/users/${id}/access`;
  const { json } = await as(operatorKey, path);
  expect(json).toMatchObject({
    reason: "allowed",
    has_password: true,
    role: { name: "reader", is_built_in: false, exists: true },
    team: { id: team, name: "blue" },
    limits: [
      { scope: "user", requests_per_minute: 500, max_concurrent: null },
      { scope: "team", requests_per_minute: null, max_concurrent: 3 },
    ],
  });
  expect(allowedIn(json)).toEqual([["models.read", "reader"]]);
  const who = await as(await login("eve"), "/api/v1/models");
  expect(who.status).toBe(200);
  await as(rootKey, `/api/v1/users/${id}`, { method: "PUT", body: { is_active: false } });
  const inactive = await as(operatorKey, path);
  expect(inactive.json).toMatchObject({ reason: "user_inactive", is_active: false });
  expect(allowedIn(inactive.json)).toEqual([]);
});

test("llmp lists and ends sessions, and tells what a user may do", async () => {
  const id = await makeUser("cli", { role: "viewer" });
  const token = await login("cli");
  const env = { LLM_PLATFORM_URL: platform.url, LLM_PLATFORM_API_KEY: rootKey };
  const access = await runLlmp(["users", "access", id], { env });
  expect(access.stdout, access.stderr).toMatch(/^models\.read +viewer/m);
  const listed = await runLlmp(["sessions", "list", "--user", id, "-o", "json"], { env });
  const [session] = z.array(z.object({ id: z.string() })).parse(JSON.parse(listed.stdout));
  expect((await runLlmp(["sessions", "end", session?.id ?? ""], { env })).exitCode).toBe(0);
  await expect.poll(() => whoami(token)).toBe(401);
});

/** Permissions that are allowed, each with the role that allows it. */
function allowedIn(json: unknown): readonly (readonly [unknown, unknown])[] {
  const all = member(json, "permissions");
  return Array.isArray(all)
    ? all
        .filter((each) => member(each, "is_allowed") === true)
        .map((each) => [member(each, "name"), member(each, "role")] as const)
    : [];
}
