import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { type CliResult, runLlmp } from "./cli-process.ts";
import { ask, member } from "./http.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

const rootKey = "a-key-of-the-configuration-0123456789";
const password = "correct horse battery staple";

let platform: Platform;
let home = "";

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "llmp-login-"));
  const api_keys = [{ name: "root", key: rootKey, role: "admin" }];
  platform = await startPlatform({ config: { auth: { api_keys } } });
  const headers = { authorization: `Bearer ${rootKey}` };
  const made = await ask(platform, "/api/v1/users", { headers, body: { name: "ada", role: "admin" } });
  const path = `/api/v1/users/${String(member(made.json, "id"))}/password`;
  expect((await ask(platform, path, { method: "PUT", headers, body: { password } })).status).toBe(200);
});
afterAll(async () => {
  rmSync(home, { recursive: true });
  await platform.stop();
});
beforeEach(() => rmSync(join(home, "llm-platform"), { recursive: true, force: true }));

function llmp(args: readonly string[], input = ""): Promise<CliResult> {
  return runLlmp(args, { input, env: { LLM_PLATFORM_URL: platform.url, XDG_CONFIG_HOME: home } });
}

const file = () => join(home, "llm-platform", "credentials.json");
const loginsSchema = z.record(
  z.string(),
  z.object({
    name: z.string(),
    accessToken: z.string(),
    accessUntilMs: z.number(),
    refreshToken: z.string(),
  }),
);
const readLogins = () => loginsSchema.parse(JSON.parse(readFileSync(file(), "utf8")));

/** As if the access token were about to end. */
function age(): void {
  const logins = readLogins();
  const aged = Object.entries(logins).map(([url, login]) => [url, { ...login, accessUntilMs: Date.now() }]);
  writeFileSync(file(), JSON.stringify(Object.fromEntries(aged)));
}

test("llmp logs in by a password that nobody can see, and out again", async () => {
  expect(await llmp(["whoami"])).toMatchObject({ exitCode: 3 });
  const login = await llmp(["login", "ada", "--password"], `${password}\n`);
  expect(login).toEqual({ exitCode: 0, stdout: "", stderr: `logged in at ${platform.url} as ada\n` });
  expect(statSync(file()).mode & 0o777).toBe(0o600);
  expect(readFileSync(file(), "utf8")).not.toContain(password);
  const who = await llmp(["whoami", "-o", "json"]);
  expect(JSON.parse(who.stdout)).toMatchObject({ name: "ada", kind: "token" });
  const token = readLogins()[platform.url]?.accessToken ?? "";
  expect(await llmp(["logout"])).toMatchObject({ exitCode: 0 });
  expect(readLogins()).toEqual({});
  expect(await llmp(["whoami"])).toMatchObject({ exitCode: 3 });
  const headers = { authorization: `Bearer ${token}` };
  expect((await ask(platform, "/api/v1/access/whoami", { headers })).status).toBe(401);
  expect(await llmp(["logout"])).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("no login") });
});

test("a wrong or an empty password logs nobody in", async () => {
  expect(await llmp(["login", "ada"], "a wrong password")).toMatchObject({
    exitCode: 3,
    stderr: expect.stringContaining("The name or the password is wrong."),
  });
  expect(await llmp(["login", "ada"])).toMatchObject({ exitCode: 2 });
});

test("a token that is about to end is replaced, once for commands that run at the same time", async () => {
  await llmp(["login", "ada"], password);
  const before = readLogins()[platform.url];
  age();
  const results = await Promise.all([llmp(["whoami"]), llmp(["whoami"]), llmp(["whoami"])]);
  expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
  expect(readLogins()[platform.url]?.refreshToken).not.toBe(before?.refreshToken);
  expect(await llmp(["whoami"])).toMatchObject({ exitCode: 0 });
});

test("a login that was ended elsewhere says so, and a key goes before a login", async () => {
  await llmp(["login", "ada"], password);
  const stored = readLogins()[platform.url];
  const body = { refresh_token: stored?.refreshToken };
  for (let count = 0; count < 2; count++) await ask(platform, "/api/v1/auth/refresh", { body });
  expect(await llmp(["--api-key", rootKey, "whoami"])).toMatchObject({ exitCode: 0 });
  age();
  expect(await llmp(["whoami"])).toMatchObject({
    exitCode: 3,
    stderr: expect.stringContaining("llmp login ada"),
  });
  expect(readLogins()).toEqual({});
});

test("llmp passwd changes the own password", async () => {
  await llmp(["login", "ada"], password);
  const next = "another password altogether";
  expect(await llmp(["passwd"], `${password}\n${next}\n`)).toMatchObject({ exitCode: 0 });
  expect(await llmp(["login", "ada"], password)).toMatchObject({ exitCode: 3 });
  expect(await llmp(["login", "ada"], next)).toMatchObject({ exitCode: 0 });
  expect(await llmp(["passwd"], `${next}\n${password}\n`)).toMatchObject({ exitCode: 0 });
});
