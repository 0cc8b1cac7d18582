import { createPublicKey, verify } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { type Answer, ask, type Asking, chatBody, member } from "./http.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";
import { startWithWorkers } from "./worker-platform.ts";

const rootKey = "a-key-of-the-configuration-0123456789";
const password = "correct horse battery staple";
const model = "fake/tiny-chat";

const pairSchema = z.object({
  access_token: z.string(),
  token_type: z.literal("Bearer"),
  expires_in: z.literal(900),
  refresh_token: z.string(),
  refresh_expires_in: z.literal(28_800),
});
type Pair = z.output<typeof pairSchema>;

let upstream: FakeUpstream;

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai" });
});
afterAll(() => upstream.stop());

function config() {
  return {
    auth: { api_keys: [{ name: "root", key: rootKey, role: "admin" }] },
    integrations: [openAiIntegration("fake", upstream.origin)],
  };
}

function as(platform: Platform, credential: string, path: string, asking: Asking = {}): Promise<Answer> {
  return ask(platform, path, { ...asking, headers: { authorization: `Bearer ${credential}` } });
}

/** A server with an admin, so that others may be made. */
async function started(starting: Promise<Platform>): Promise<Platform> {
  const platform = await starting;
  await createUser(platform, "first", "admin");
  return platform;
}

/** Resolves with the id of a user with a password. */
async function createUser(platform: Platform, name: string, role = "developer"): Promise<string> {
  const made = await as(platform, rootKey, "/api/v1/users", { body: { name, role } });
  expect(made.status, made.text).toBe(200);
  const id = String(member(made.json, "id"));
  const set = await as(platform, rootKey, `/api/v1/users/${id}/password`, {
    method: "PUT",
    body: { password },
  });
  expect(set.status, set.text).toBe(200);
  return id;
}

const tryLogin = (platform: Platform, name: string, given = password) =>
  ask(platform, "/api/v1/auth/login", { body: { name, password: given } });

async function login(platform: Platform, name: string, given = password): Promise<Pair> {
  const answer = await tryLogin(platform, name, given);
  expect(answer.status, answer.text).toBe(200);
  return pairSchema.parse(answer.json);
}

const refresh = (platform: Platform, refresh_token: string) =>
  ask(platform, "/api/v1/auth/refresh", { body: { refresh_token } });

async function chatStatus(platform: Platform, credential: string): Promise<number> {
  return (await as(platform, credential, "/v1/chat/completions", { body: chatBody(model) })).status;
}

async function whoamiStatus(platform: Platform, credential: string): Promise<number> {
  return (await as(platform, credential, "/api/v1/access/whoami")).status;
}

/** How long calls go on until they are answered otherwise, in milliseconds. */
async function changesAfterMs(status: () => Promise<number>, wanted: number): Promise<number> {
  const startMs = performance.now();
  while ((await status()) !== wanted) {
    if (performance.now() - startMs > 5_000) throw new Error("nothing has changed after five seconds");
    await sleep(10);
  }
  return performance.now() - startMs;
}

describe.each([
  ["one process", () => started(startPlatform({ config: config() }))],
  ["workers", () => started(startWithWorkers(config()))],
])("an access token, with %s", (_name, start) => {
  test("calls models and the management API, and is dead at once after the logout", async () => {
    const platform = await start();
    await createUser(platform, "ada");
    const { access_token } = await login(platform, "ada");
    for (let count = 0; count < 6; count++) expect(await chatStatus(platform, access_token)).toBe(200);
    const who = await as(platform, access_token, "/api/v1/access/whoami");
    expect(who.json).toMatchObject({ name: "ada", kind: "token", user: expect.stringMatching(/^user_/) });
    expect((await as(platform, access_token, "/api/v1/system")).status).toBe(403);
    const rows = await platform.ledgerRows({ count: 6 });
    expect(new Set(rows.map(({ principal }) => principal))).toEqual(new Set(["ada"]));
    const out = await as(platform, access_token, "/api/v1/auth/logout", { body: {} });
    expect(out.json, out.text).toEqual({ ended: true });
    expect(await changesAfterMs(() => chatStatus(platform, access_token), 401)).toBeLessThan(1_000);
    for (let count = 0; count < 6; count++) expect(await chatStatus(platform, access_token)).toBe(401);
    expect(await whoamiStatus(platform, access_token)).toBe(401);
    await platform.stop();
  });

  test("follows what becomes of its user, within a second", async () => {
    const platform = await start();
    const id = await createUser(platform, "ada");
    const { access_token } = await login(platform, "ada");
    const change = (body: object) => as(platform, rootKey, `/api/v1/users/${id}`, { method: "PUT", body });
    const status = () => chatStatus(platform, access_token);
    for (let count = 0; count < 6; count++) expect(await status()).toBe(200);
    await change({ role: "viewer" });
    expect(await changesAfterMs(status, 403)).toBeLessThan(1_000);
    await change({ role: "operator" });
    expect(await changesAfterMs(status, 200)).toBeLessThan(1_000);
    await change({ is_active: false });
    expect(await changesAfterMs(status, 401)).toBeLessThan(1_000);
    await change({ is_active: true });
    await as(platform, rootKey, `/api/v1/users/${id}`, { method: "DELETE" });
    expect(await changesAfterMs(status, 401)).toBeLessThan(1_000);
    await platform.stop();
  });
});

describe("on one server", () => {
  let platform: Platform;

  beforeAll(async () => {
    platform = await started(startPlatform({ config: config() }));
    for (const name of ["ada", "bob", "carl", "dora", "eve", "fay"]) await createUser(platform, name);
  });
  afterAll(() => platform.stop());

  test("a refresh gives the next pair, and the second use of a token ends the session", async () => {
    const first = await login(platform, "ada");
    const second = pairSchema.parse((await refresh(platform, first.refresh_token)).json);
    expect(await chatStatus(platform, first.access_token)).toBe(200);
    expect(await chatStatus(platform, second.access_token)).toBe(200);
    expect((await refresh(platform, first.refresh_token)).status).toBe(401);
    expect((await refresh(platform, second.refresh_token)).status).toBe(401);
    expect(await chatStatus(platform, first.access_token)).toBe(401);
    expect(await chatStatus(platform, second.access_token)).toBe(401);
  });

  test("others check an access token with the published keys", async () => {
    const { access_token } = await login(platform, "ada");
    const answer = await ask(platform, "/.well-known/jwks.json");
    expect(answer.status).toBe(200);
    expect(answer.text).not.toContain('"d"');
    const jwk = z.object({ kty: z.string(), crv: z.string(), x: z.string(), kid: z.string() });
    const { keys } = z.object({ keys: z.array(jwk) }).parse(answer.json);
    const [head = "", claims = "", signature = ""] = access_token.split(".");
    const { kid } = z.object({ kid: z.string() }).parse(JSON.parse(atob(head)));
    const key = createPublicKey({ format: "jwk", key: keys.find((each) => each.kid === kid) ?? {} });
    const isRight = verify(null, Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, "base64url"));
    expect(isRight).toBe(true);
  });

  test("who is not known and who gives a wrong password get the same answer", async () => {
    const wrong = await tryLogin(platform, "bob", "a wrong password");
    const unknown = await tryLogin(platform, "nobody", "a wrong password");
    const without = await tryLogin(platform, "root", "a wrong password");
    const strip = ({ status, json }: Answer) => ({ status, detail: member(json, "detail") });
    expect(strip(wrong)).toEqual({ status: 401, detail: "The name or the password is wrong." });
    expect(strip(unknown)).toEqual(strip(wrong));
    expect(strip(without)).toEqual(strip(wrong));
  });

  test("after five failures the next has to wait, also with the right password", async () => {
    let wrong = 0;
    // On a slow machine the first wait may be over before the next try comes; the second is twice as long.
    while ((await tryLogin(platform, "carl", "a wrong password")).status === 401) wrong++;
    expect(wrong).toBeGreaterThanOrEqual(5);
    expect(wrong).toBeLessThan(9);
    const late = await tryLogin(platform, "carl");
    expect(late.status, late.text).toBe(429);
    expect(Number(late.headers.get("retry-after"))).toBeGreaterThan(0);
    await sleep(Number(late.headers.get("retry-after-ms")) + 20);
    await login(platform, "carl");
  });

  test("a changed password ends the other sessions, and needs the one before", async () => {
    const other = await login(platform, "dora");
    const own = await login(platform, "dora");
    const change = (current_password: string, new_password: string) =>
      as(platform, own.access_token, "/api/v1/auth/password", { body: { current_password, new_password } });
    const next = "another password altogether";
    expect((await change("a wrong password", next)).status).toBe(401);
    const short = await change(password, "short");
    expect(short.status).toBe(400);
    expect(member(short.json, "errors")).toMatchObject([{ pointer: "/new_password" }]);
    expect((await change(password, next)).json).toEqual({ changed: true });
    expect(await whoamiStatus(platform, own.access_token)).toBe(200);
    expect(await whoamiStatus(platform, other.access_token)).toBe(401);
    expect((await refresh(platform, other.refresh_token)).status).toBe(401);
    expect((await tryLogin(platform, "dora")).status).toBe(401);
    await login(platform, "dora", next);
  });

  test("an admin takes a password away, and with it the sessions", async () => {
    const { json } = await as(platform, rootKey, "/api/v1/users");
    const { users } = z
      .object({ users: z.array(z.object({ id: z.string(), name: z.string() })) })
      .parse(json);
    const id = users.find(({ name }) => name === "eve")?.id ?? "";
    const { access_token } = await login(platform, "eve");
    const path = `/api/v1/users/${id}/password`;
    const own = await as(platform, access_token, path, { method: "PUT", body: { password } });
    expect(own.status).toBe(403);
    const cleared = await as(platform, rootKey, path, { method: "DELETE" });
    expect(cleared.json, cleared.text).toEqual({ has_password: false });
    expect(await whoamiStatus(platform, access_token)).toBe(401);
    expect((await tryLogin(platform, "eve")).status).toBe(401);
  });

  test("neither a key nor a service account logs in or out", async () => {
    const out = await as(platform, rootKey, "/api/v1/auth/logout", { body: {} });
    expect(out.status, out.text).toBe(409);
    const body = { name: "robot", role: "developer", kind: "service_account" };
    const robot = await as(platform, rootKey, "/api/v1/users", { body });
    const path = `/api/v1/users/${String(member(robot.json, "id"))}/password`;
    expect((await as(platform, rootKey, path, { method: "PUT", body: { password } })).status).toBe(409);
  });

  test("a token that was tampered with is refused, also when it begins like one that works", async () => {
    const { access_token } = await login(platform, "ada");
    for (let count = 0; count < 3; count++) expect(await chatStatus(platform, access_token)).toBe(200);
    const [head = "", claims = "", signature = ""] = access_token.split(".");
    expect(head.length + claims.length).toBeGreaterThan(200);
    const flipped = signature.startsWith("A") ? `B${signature.slice(1)}` : `A${signature.slice(1)}`;
    const payload = z.record(z.string(), z.unknown()).parse(JSON.parse(atob(claims)));
    const admin = btoa(JSON.stringify({ ...payload, role: "admin" })).replaceAll("=", "");
    const forged = [
      `${head}.${claims}.${flipped}`,
      `${head}.${claims}.`,
      `${head}.${admin}.${signature}`,
      `${access_token}x`,
      access_token.slice(0, -1),
      `${access_token} OR 1=1`,
      `${head}.${claims}.${signature}.${signature}`,
      `${head}.${claims}${"A".repeat(9_000)}.${signature}`,
    ];
    for (const token of forged) {
      expect(await whoamiStatus(platform, token), token).toBe(401);
      expect(await chatStatus(platform, token), token).toBe(401);
    }
    expect(await chatStatus(platform, access_token)).toBe(200);
    const huge = await whoamiStatus(platform, `${head}.${claims}${"A".repeat(1_000_000)}.${signature}`);
    expect([400, 401, 431]).toContain(huge);
  });

  test("neither a password nor a token is in a log, a list or a file", async () => {
    const pair = await login(platform, "fay");
    expect(await chatStatus(platform, pair.access_token)).toBe(200);
    const lists = await as(platform, rootKey, "/api/v1/users");
    expect(lists.text).not.toMatch(/argon2|phc|password/i);
    const signature = pair.access_token.split(".")[2] ?? "";
    const secrets = [password, pair.refresh_token.slice(5), signature];
    for (const secret of secrets) expect(platform.log()).not.toContain(secret);
    const files = readdirSync(platform.dataDirectory, { recursive: true, withFileTypes: true });
    for (const file of files.filter((each) => each.isFile())) {
      const content = readFileSync(join(file.parentPath, file.name));
      for (const secret of secrets) expect(content.includes(secret), file.name).toBe(false);
      expect(content.includes('"crv":"Ed25519","d":'), file.name).toBe(false);
      expect(/"d":"[\w-]{43}"/.test(content.toString("latin1")), file.name).toBe(false);
    }
  });
});

test("a login outlives a restart, and a token of another server is none here", async () => {
  const platform = await started(startPlatform({ config: config() }));
  await createUser(platform, "ada");
  const pair = await login(platform, "ada");
  const other = await started(startPlatform({ config: config() }));
  await createUser(other, "ada");
  await login(other, "ada");
  expect(await chatStatus(other, pair.access_token)).toBe(401);
  await other.stop();
  platform.kill("SIGTERM");
  await platform.exit;
  const again = await startPlatform({ config: config(), dataDirectory: platform.dataDirectory });
  expect(await chatStatus(again, pair.access_token)).toBe(200);
  expect((await refresh(again, pair.refresh_token)).status).toBe(200);
  await again.stop();
  await platform.stop();
});
