import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { createOidcProvider, oidcAudience, oidcClient, type OidcProvider } from "../fakes/oidc-provider.ts";
import { Canaries } from "./canaries.ts";
import { type Finding, sweepFiles, sweepRoutes } from "./canary-sinks.ts";
import {
  callModels,
  logIn,
  logInByBrowser,
  type Planter,
  type Route,
  send,
  sendHeaders,
  sendToRoutes,
} from "./canary-traffic.ts";
import { ask, member } from "./http.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

const leakyPackage = fileURLToPath(new URL("../fakes/leaky-package", import.meta.url));
const listed = z.object({ routes: z.array(z.object({ method: z.string(), path: z.string() })) });

let upstream: FakeUpstream;
let provider: OidcProvider;

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai" });
  provider = await createOidcProvider({
    bob: { groups: ["staff"], email: "bob@example.org", email_verified: true },
  });
});
afterAll(async () => {
  await upstream.stop();
  await provider.stop();
});

function configOf(canaries: Canaries) {
  const leaky = {
    token: canaries.of("setting of a guest"),
    address: `http://ada:${canaries.of("password in a guest's address")}@127.0.0.1:1/`,
  };
  return {
    log: { level: "debug" },
    auth: {
      api_keys: [
        { name: "root", key: canaries.of("key of the configuration"), role: "admin" },
        { name: "hash", key: canaries.of("second key of the configuration"), role: "developer" },
      ],
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
    integrations: [
      {
        name: "fake",
        use: "openai-compatible",
        settings: {
          base_url: `${upstream.origin}/v1`,
          api_key: canaries.of("upstream key"),
          headers: { "x-extra": canaries.of("extra header") },
        },
      },
      {
        name: "userinfo",
        use: "openai-compatible",
        settings: { base_url: `http://ada:${canaries.of("password in an address")}@127.0.0.1:1/v1` },
      },
      {
        name: "dead",
        use: "openai-compatible",
        settings: { base_url: "http://127.0.0.1:1/v1", api_key: canaries.of("dead key") },
      },
      { name: "leaky", use: leakyPackage, type: "monitoring", settings: leaky, health_check_interval: 1 },
      { name: "leaky-start", use: leakyPackage, type: "monitoring", settings: { ...leaky, fails: true } },
      {
        name: "leaky-check",
        use: leakyPackage,
        type: "monitoring",
        settings: { ...leaky, fails: "no boolean" },
      },
    ],
  };
}

async function readRoutes(platform: Platform, key: string): Promise<readonly Route[]> {
  const answer = await ask(platform, "/api/v1/access/routes", {
    headers: { authorization: `Bearer ${key}` },
  });
  return listed.parse(answer.json).routes;
}

/** Changes of settings that hold secrets, good and bad ones, and a new master key. */
async function configure(planter: Planter): Promise<void> {
  const { canaries } = planter;
  const settings = { base_url: `${upstream.origin}/v1`, api_key: canaries.of("changed upstream key") };
  const put = (body: object) => send(planter, "/integrations/fake/config", { method: "PUT", body });
  await put({ settings: { ...settings, api_kye: canaries.of("mistyped setting") } });
  await put({ settings: { ...settings, headers: { "x y": canaries.of("odd header") } } });
  await put({ settings: { ...settings, api_key: `${canaries.of("odd key")} x` } });
  const odd = `http://ada:${canaries.of("changed password in an address")}@127.0.0.1/?token=${canaries.of("token in an address")}`;
  await put({ settings: { base_url: odd } });
  expect((await put({ settings })).status).toBe(200);
  await send(planter, "/integrations/leaky/restart", { method: "POST", body: {} });
}

/** What a caller sent in an address may be told to that caller. */
const toldBack = ["path", "host"];

function sweepAnswers({ answers, canaries }: Planter): readonly Finding[] {
  return [...answers].flatMap(([what, text]) =>
    canaries.findIn(text, toldBack).map((name) => `${name} in the answer to ${what}`),
  );
}

function sweepLog(platform: Platform, canaries: Canaries): readonly Finding[] {
  const lines = platform.log().split("\n");
  expect(lines.length).toBeGreaterThan(5);
  return lines.flatMap((line) => canaries.findIn(line).map((name) => `${name} in the log: ${line}`));
}

async function sweepBackup({ platform, canaries, key }: Planter): Promise<readonly Finding[]> {
  const headers = { authorization: `Bearer ${key}`, accept: "application/x-tar" };
  const backup = await fetch(`${platform.url}/api/v1/backups`, { method: "POST", headers });
  expect(backup.status).toBe(200);
  const archive = Buffer.from(await backup.arrayBuffer());
  return canaries.findIn(archive).map((name) => `${name} in the backup`);
}

/** Of integrations, users and the like: what may stand in a path. */
async function readNames({ platform, key }: Planter): Promise<readonly string[]> {
  const headers = { authorization: `Bearer ${key}` };
  const lists = ["/integrations/", "/api/v1/users", "/api/v1/keys", "/v1/models"];
  const texts = await Promise.all(lists.map(async (path) => (await ask(platform, path, { headers })).text));
  return texts.flatMap((text) => text.match(/(?<="(?:name|id)":")[^"]+/g) ?? []);
}

const long = { timeout: 120_000 };

describe.each([
  ["one process", {}],
  ["two workers", { LLM_PLATFORM_SERVER__FAST_LANE: "true", LLM_PLATFORM_SERVER__WORKERS: "2" }],
])("on a server of %s", (_what, env) => {
  test("a secret is in nothing that the platform writes, keeps or answers", long, async () => {
    const canaries = new Canaries();
    const masterKey = randomBytes(32);
    canaries.add("master key", masterKey.toString("base64url"));
    canaries.addBytes("master key", masterKey);
    canaries.add("OIDC client secret", oidcClient.secret);
    const platform = await startPlatform({
      config: configOf(canaries),
      env: {
        ...env,
        LLM_PLATFORM_SECRETS__MASTER_KEY: masterKey.toString("base64url"),
        SOME_OTHER_TOKEN: canaries.of("environment"),
      },
    });
    provider.open([`${platform.url}/api/v1/auth/oidc/corp/callback`]);
    const key = canaries.of("key of the configuration");
    const planter = { platform, canaries, key, answers: new Map<string, string>() };
    const routes = await readRoutes(platform, key);
    expect(routes.length).toBeGreaterThan(50);

    await sendHeaders(planter);
    await callModels(planter, upstream);
    await logIn(planter);
    await logInByBrowser(planter);
    await configure(planter);
    await sendToRoutes(planter, routes);

    const names = await readNames(planter);
    expect(names).toEqual(expect.arrayContaining(["leaky-start", "ada", "tiny-chat"]));
    expect(canaries.size).toBeGreaterThan(50);
    const found = [
      ...(await sweepRoutes(planter, { routes, names })),
      ...(await sweepBackup(planter)),
      ...sweepAnswers(planter),
      ...sweepFiles(platform.dataDirectory, canaries),
    ];
    platform.kill("SIGTERM");
    expect(await platform.exit).toBe(0);
    found.push(...sweepFiles(platform.dataDirectory, canaries), ...sweepLog(platform, canaries));
    expect(found).toEqual([]);
  });
});

test("the set-up token is told to who started the server, and to nobody else", long, async () => {
  const canaries = new Canaries();
  const platform = await startPlatform({
    env: { LLM_PLATFORM_ENV: "production", LLM_PLATFORM_SERVER__DRAIN_SECONDS: "0" },
  });
  const told = await platform.logLine(/llmps_/);
  const token = /llmps_[\w-]{43}/.exec(told)?.[0] ?? "";
  canaries.add("set-up token", token);
  const claimed = await ask(platform, "/api/v1/setup", { body: { token, name: "ada" } });
  const key = String(member(claimed.json, "key"));
  canaries.add("first key", key);
  const planter = { platform, canaries, key, answers: new Map<string, string>() };
  await send(planter, "/api/v1/setup", { body: { token, name: "eve" } });
  const found = [
    ...(await sweepRoutes(planter, { routes: await readRoutes(platform, key), names: ["ada"] })),
    ...sweepAnswers(planter),
    ...sweepFiles(platform.dataDirectory, canaries),
    ...sweepLog(platform, canaries),
  ];
  expect(told).toMatch(/^llm-platform: /);
  expect(found).toEqual([`set-up token in the log: ${told}`]);
  await platform.stop();
});
