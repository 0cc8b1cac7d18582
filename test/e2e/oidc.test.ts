import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import {
  type CookieJar,
  createOidcProvider,
  followLogin,
  oidcAudience,
  oidcClient,
  type OidcProvider,
} from "../fakes/oidc-provider.ts";
import { type Answer, ask, type Asking, chatBody, member, toAnswer } from "./http.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";
import { startWithWorkers } from "./worker-platform.ts";

const rootKey = "a-key-of-the-configuration-0123456789";
const model = "fake/tiny-chat";
const verified = { email_verified: true };
const people = {
  ada: { groups: ["ops", "other"], email: "ada@example.org", ...verified, preferred_username: "ada" },
  bob: { groups: ["staff"], email: "bob@example.org", ...verified },
  carl: { groups: ["other"], email: "carl@example.org", ...verified },
  dora: { groups: ["ops"], email: "dora@example.org", email_verified: false },
  eve: { groups: ["ops"], email: "eve@evil.test", ...verified },
  fay: { groups: ["staff"], email: "fay@example.org", ...verified },
};

let upstream: FakeUpstream;
let provider: OidcProvider;

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai" });
  provider = await createOidcProvider(people);
});
afterAll(async () => {
  await upstream.stop();
  await provider.stop();
});

function configOf(more: Readonly<Record<string, unknown>> = {}) {
  return {
    auth: {
      api_keys: [{ name: "root", key: rootKey, role: "admin" }],
      oidc: [
        {
          name: "corp",
          issuer: provider.issuer,
          audience: oidcAudience,
          client_id: oidcClient.id,
          client_secret: oidcClient.secret,
          role_mapping: { ops: "operator", staff: "developer" },
          allowed_email_domains: ["example.org"],
          ...more,
        },
      ],
    },
    integrations: [openAiIntegration("fake", upstream.origin)],
  };
}

async function started(starting: Promise<Platform>): Promise<Platform> {
  const platform = await starting;
  provider.open([`${platform.url}/api/v1/auth/oidc/corp/callback`]);
  return platform;
}

function as(platform: Platform, credential: string, path: string, asking: Asking = {}): Promise<Answer> {
  return ask(platform, path, { ...asking, headers: { authorization: `Bearer ${credential}` } });
}

async function chatStatus(platform: Platform, credential: string): Promise<number> {
  return (await as(platform, credential, "/v1/chat/completions", { body: chatBody(model) })).status;
}

const startOf = (platform: Platform, answer = "redirect") =>
  `${platform.url}/api/v1/auth/oidc/corp/start?answer=${answer}`;

async function userIdOf(platform: Platform, name: string): Promise<string> {
  const { json } = await as(platform, rootKey, "/api/v1/users");
  const { users } = z.object({ users: z.array(z.object({ id: z.string(), name: z.string() })) }).parse(json);
  return users.find((user) => user.name === name)?.id ?? "";
}

describe.each([
  ["one process", () => started(startPlatform({ config: configOf() }))],
  ["workers", () => started(startWithWorkers(configOf()))],
])("a provider's token, with %s", (_name, start) => {
  test("calls models, as the user whom its groups make, and an admin can stop that user", async () => {
    const platform = await start();
    const token = await provider.accessToken("bob");
    for (let count = 0; count < 6; count++) expect(await chatStatus(platform, token)).toBe(200);
    const who = await as(platform, token, "/api/v1/access/whoami");
    expect(who.json, who.text).toMatchObject({
      name: "bob@example.org (corp)",
      kind: "token",
      permissions: [
        "inference.call",
        "graphql.explore",
        "models.read",
        "usage.read_own",
        "self.read",
        "self.write",
      ],
    });
    expect((await as(platform, token, "/api/v1/system")).status).toBe(403);
    const rows = await platform.ledgerRows({ count: 6 });
    expect(new Set(rows.map(({ principal }) => principal))).toEqual(new Set(["bob@example.org (corp)"]));
    const path = `/api/v1/users/${await userIdOf(platform, "bob@example.org (corp)")}`;
    const stopped = await as(platform, rootKey, path, { method: "PUT", body: { is_active: false } });
    expect(stopped.json, stopped.text).toMatchObject({ kind: "oidc", role: "developer", is_active: false });
    const startMs = performance.now();
    while ((await chatStatus(platform, token)) !== 401) await sleep(10);
    expect(performance.now() - startMs).toBeLessThan(1_000);
    expect(await chatStatus(platform, await provider.accessToken("bob"))).toBe(401);
    await platform.stop();
  });
});

test("groups give a role that was made here, and a team, once there are such", async () => {
  const platform = await started(
    startPlatform({
      config: configOf({ role_mapping: { ops: "watcher" }, team_mapping: { ops: "night shift" } }),
    }),
  );
  const whoami = async () => as(platform, await provider.accessToken("ada"), "/api/v1/access/whoami");
  // Until the role is there, it allows nothing.
  expect((await whoami()).status).toBe(403);
  await platform.logLine(/login\.role_unknown/);
  await platform.logLine(/login\.team_unknown/);
  const make = (path: string, body: object) => as(platform, rootKey, path, { body });
  await make("/api/v1/roles", { name: "watcher", permissions: ["self.read"] });
  expect((await whoami()).json).toMatchObject({ role: "watcher", team: null, permissions: ["self.read"] });
  await make("/api/v1/teams", { name: "night shift", requests_per_minute: 5 });
  // Claims of the same second say nothing new.
  await sleep(1_100);
  expect((await whoami()).json).toMatchObject({
    team: { name: "night shift" },
    limits: [{ scope: "team", requests_per_minute: 5 }],
  });
  await platform.stop();
});

describe("on one server", () => {
  let platform: Platform;

  beforeAll(async () => {
    platform = await started(startPlatform({ config: configOf() }));
  });
  afterAll(() => platform.stop());

  test.each([
    ["without a mapped group", "carl"],
    ["with an address that is not verified", "dora"],
    ["of another domain", "eve"],
  ])("who is known to the provider, but %s, has no access by token or browser", async (_why, login) => {
    expect(await chatStatus(platform, await provider.accessToken(login))).toBe(401);
    const { response } = await followLogin(startOf(platform), { login });
    const answer = await toAnswer(response);
    expect(answer.status, answer.text).toBe(403);
    expect(answer.headers.getSetCookie().join()).not.toContain("llmp_refresh=llmr_");
    const { text } = await as(platform, rootKey, "/api/v1/users");
    expect(text).not.toContain(login);
  });

  test("a token that was tampered with is refused", async () => {
    const [head = "", claims = "", signature = ""] = (await provider.accessToken("ada")).split(".");
    const payload = z.record(z.string(), z.unknown()).parse(JSON.parse(atob(claims)));
    const admin = btoa(JSON.stringify({ ...payload, groups: ["ops"], sub: "eve" })).replaceAll("=", "");
    for (const token of [
      `${head}.${admin}.${signature}`,
      `${head}.${claims}.${signature.slice(2)}AA`,
      `${btoa('{"alg":"none","typ":"JWT"}')}.${claims}.AA`,
    ])
      expect(await chatStatus(platform, token)).toBe(401);
  });

  test("a person logs in by the browser, and the page gets tokens by its cookie", async () => {
    const { last, response, cookies } = await followLogin(startOf(platform), { login: "ada" });
    expect(last).toBe(`${platform.url}/`);
    const cookie = response.headers.getSetCookie().find((each) => each.startsWith("llmp_refresh="));
    expect(cookie).toMatch(
      /^llmp_refresh=llmr_[\w-]{43}; Path=\/api\/v1\/auth\/session\/; Max-Age=28800; HttpOnly; SameSite=Strict$/,
    );
    const answer = await session(cookies, "refresh", platform.url);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.text).not.toContain("llmr_");
    const token = String(member(answer.json, "access_token"));
    expect(await chatStatus(platform, token)).toBe(200);
    expect((await as(platform, token, "/api/v1/usage")).status).toBe(200);
    expect((await as(platform, token, "/api/v1/access/whoami")).json).toMatchObject({
      name: "ada@example.org (corp)",
    });
    // The same person by token is the same user.
    const byToken = await as(platform, await provider.accessToken("ada"), "/api/v1/access/whoami");
    expect(member(byToken.json, "user")).toBe(await userIdOf(platform, "ada@example.org (corp)"));
    expect((await session(cookies, "logout", platform.url)).json).toEqual({ ended: true });
    expect(await chatStatus(platform, token)).toBe(401);
    expect((await session(cookies, "refresh", platform.url)).status).toBe(400);
  });

  /** What a page does; `origin` is whose page. */
  async function session(
    cookies: CookieJar,
    step: "refresh" | "logout",
    origin: string | undefined,
  ): Promise<Answer> {
    const url = `${platform.url}/api/v1/auth/session/${step}`;
    const response = await fetch(url, {
      method: "POST",
      headers: { cookie: cookies.headerFor(url), ...(origin === undefined ? {} : { origin }) },
    });
    cookies.take(url, response);
    return toAnswer(response);
  }

  test.each(["http://evil.test", "null", "http://127.0.0.1:1", undefined])(
    "a page of %j cannot use the cookie",
    async (origin) => {
      const { cookies } = await followLogin(startOf(platform), { login: "ada" });
      expect((await session(cookies, "refresh", origin)).status).toBe(403);
      expect((await session(cookies, "logout", origin)).status).toBe(403);
      expect((await session(cookies, "refresh", platform.url)).status).toBe(200);
    },
  );

  test("the tokens are the answer where they were asked for", async () => {
    const { response } = await followLogin(startOf(platform, "json"), { login: "fay" });
    const answer = await toAnswer(response);
    expect(answer.json, answer.text).toMatchObject({ token_type: "Bearer", expires_in: 900 });
    expect(await chatStatus(platform, String(member(answer.json, "access_token")))).toBe(200);
    const body = { refresh_token: member(answer.json, "refresh_token") };
    expect((await ask(platform, "/api/v1/auth/refresh", { body })).status).toBe(200);
  });

  test("a login ends only in the browser where it began, and once", async () => {
    const stopAt = `${platform.url}/api/v1/auth/oidc/corp/callback`;
    const { last, cookies } = await followLogin(startOf(platform), { login: "ada", stopAt });
    const callback = (cookie: string) => fetch(last, { redirect: "manual", headers: { cookie } });
    expect((await callback("")).status).toBe(401);
    const other = await fetch(startOf(platform), { redirect: "manual" });
    const foreign = (other.headers.getSetCookie()[0] ?? "").split(";")[0] ?? "";
    expect((await callback(foreign)).status).toBe(401);
    expect((await callback(`${cookies.headerFor(last)}x`)).status).toBe(401);
    expect((await callback(cookies.headerFor(last))).status).toBe(302);
    expect((await callback(cookies.headerFor(last))).status).toBe(401);
  });

  test("there is no login at a provider that is not configured", async () => {
    for (const name of ["other", "__proto__"]) {
      const answer = await ask(platform, `/api/v1/auth/oidc/${encodeURIComponent(name)}/start`);
      expect(answer.status, answer.text).toBe(404);
    }
    expect((await ask(platform, "/api/v1/auth/oidc/corp/start", { method: "POST" })).status).toBe(404);
  });
});

test("with a provider every caller needs a key or a token, and without one that answers keys still work", async () => {
  const { auth, integrations } = configOf();
  const [entry] = auth.oidc;
  const oidc = [{ ...entry, issuer: "http://127.0.0.1:9" }];
  const platform = await startPlatform({ config: { auth: { ...auth, oidc }, integrations } });
  expect((await ask(platform, "/v1/models")).status).toBe(401);
  expect(await chatStatus(platform, rootKey)).toBe(200);
  expect(await chatStatus(platform, await provider.accessToken("bob"))).toBe(401);
  expect((await ask(platform, "/api/v1/auth/oidc/corp/start")).status).toBe(502);
  await platform.stop();
});
