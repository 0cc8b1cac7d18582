import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import {
  createOidcProvider,
  followLogin,
  oidcAudience,
  oidcClient,
  type OidcProvider,
} from "../fakes/oidc-provider.ts";
import { ask, member } from "./http.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

const rootKey = "a-key-of-the-configuration-0123456789";
const password = "correct horse battery staple";
const root = { authorization: `Bearer ${rootKey}` };

let provider: OidcProvider;
let platform: Platform;

beforeAll(async () => {
  const verified = { email_verified: true };
  provider = await createOidcProvider({
    bob: { groups: ["staff"], email: "bob@example.org", ...verified },
    carl: { groups: ["other"], email: "carl@example.org", ...verified },
  });
  platform = await startPlatform({
    config: {
      server: { trusted_proxies: ["127.0.0.1"] },
      auth: {
        api_keys: [{ name: "root", key: rootKey, role: "admin" }],
        oidc: [
          {
            name: "corp",
            issuer: provider.issuer,
            audience: oidcAudience,
            client_id: oidcClient.id,
            client_secret: oidcClient.secret,
            role_mapping: { staff: "developer" },
          },
        ],
      },
    },
  });
  provider.open([`${platform.url}/api/v1/auth/oidc/corp/callback`]);
});
afterAll(async () => {
  await platform.stop();
  await provider.stop();
});

const record = z.looseObject({
  operation: z.string(),
  outcome: z.string(),
  error_code: z.string().nullable(),
  address: z.string().nullable(),
  target: z.object({ type: z.string(), id: z.string().nullable(), name: z.string().nullable() }).nullable(),
});

/** The records of an operation, oldest first. What is put on record after its answer comes before a change. */
async function recordsOf(operation: string): Promise<readonly z.output<typeof record>[]> {
  await ask(platform, "/api/v1/models/refresh", { body: {}, headers: root });
  const { json } = await ask(platform, `/api/v1/audit?operation=${operation}`, { headers: root });
  return z
    .object({ records: z.array(record) })
    .parse(json)
    .records.toReversed();
}

const login = (name: string, given: string, headers: Readonly<Record<string, string>> = {}) =>
  ask(platform, "/api/v1/auth/login", { body: { name, password: given }, headers });

async function createUser(name: string): Promise<string> {
  const made = await ask(platform, "/api/v1/users", { body: { name, role: "admin" }, headers: root });
  const id = String(member(made.json, "id"));
  await ask(platform, `/api/v1/users/${id}/password`, { method: "PUT", body: { password }, headers: root });
  return id;
}

describe("the audit log", () => {
  test("names who was tried by a wrong password, but nothing that was typed, and from where behind a proxy", async () => {
    const id = await createUser("ada");
    const forwarded = (address: string) => ({ "x-forwarded-for": address });
    await login("ada", "wrong-password-0123", forwarded("198.51.100.7, 192.0.2.1"));
    expect(await recordsOf("auth.login")).toMatchObject([
      {
        outcome: "refused",
        error_code: "unauthenticated",
        address: "192.0.2.1",
        target: { type: "user", id, name: "ada" },
      },
    ]);
    await login(password, "typed-in-the-wrong-field", forwarded("2001:db8:1:2:3:4:5:6"));
    expect((await recordsOf("auth.login")).at(-1)).toMatchObject({
      outcome: "refused",
      address: "2001:db8:1:2:3:4:5:6",
      target: null,
    });
    await login("ada", password, forwarded("::ffff:203.0.113.9"));
    expect((await recordsOf("auth.login")).at(-1)).toMatchObject({
      outcome: "ok",
      address: "203.0.113.9",
      target: { id },
    });
    expect((await ask(platform, "/api/v1/audit?limit=1000", { headers: root })).text).not.toContain(password);
  });

  test("says that a refresh token was used twice, once for each session that it ended", async () => {
    await createUser("eva");
    const pair = (await login("eva", password)).json;
    const refresh_token = String(member(pair, "refresh_token"));
    const refresh = () => ask(platform, "/api/v1/auth/refresh", { body: { refresh_token } });
    expect((await refresh()).status).toBe(200);
    for (let count = 0; count < 3; count++) expect((await refresh()).status).toBe(401);
    expect(await recordsOf("auth.refresh_reused")).toMatchObject([
      {
        outcome: "failed",
        address: "127.0.0.1",
        target: { type: "session", id: expect.stringMatching(/^session_/) },
      },
    ]);
  });

  test("has logins at a provider, those that it did not confirm, and logouts of a browser", async () => {
    const start = `${platform.url}/api/v1/auth/oidc/corp/start`;
    const { response, cookies } = await followLogin(start, { login: "bob" });
    expect(response.status).toBe(302);
    expect(await recordsOf("auth.browser_login")).toMatchObject([
      { outcome: "started", after: { provider: "corp" }, target: { name: "bob@example.org (corp)" } },
      { outcome: "ok", address: "127.0.0.1", target: { type: "user" } },
    ]);
    const denied = await followLogin(`${start}?answer=json`, { login: "carl" });
    expect(denied.response.status).toBe(403);
    expect((await recordsOf("auth.browser_login")).at(-1)).toMatchObject({
      outcome: "refused",
      error_code: "forbidden",
      address: "127.0.0.1",
    });
    const headers = { cookie: cookies.headerFor(start), origin: platform.url };
    const out = await ask(platform, "/api/v1/auth/session/logout", { method: "POST", headers });
    expect(out.json, out.text).toEqual({ ended: true });
    expect(await recordsOf("auth.logout")).toMatchObject([
      {
        outcome: "started",
        target: { type: "session", id: expect.stringMatching(/^session_/), name: "bob@example.org (corp)" },
      },
      { outcome: "ok", after: { ended: true } },
    ]);
  });
});
