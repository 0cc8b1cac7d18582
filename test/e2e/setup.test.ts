import { describe, expect, test } from "vitest";
import { z } from "zod";
import { runLlmp } from "./cli-process.ts";
import { ask, member } from "./http.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

const production = { LLM_PLATFORM_ENV: "production", LLM_PLATFORM_SERVER__DRAIN_SECONDS: "0" };
const password = "correct horse battery staple";
const claimed = z.object({ id: z.string(), name: z.string(), key: z.string() });

async function tokenOf(platform: Platform): Promise<string> {
  return /llmps_[\w-]{43}/.exec(await platform.logLine(/llmps_/))?.[0] ?? "";
}

const claim = (platform: Platform, body: object) => ask(platform, "/api/v1/setup", { body });

async function as(platform: Platform, key: string, path: string): Promise<number> {
  return (await ask(platform, path, { headers: { authorization: `Bearer ${key}` } })).status;
}

describe.each([
  ["on the loopback", {}],
  ["on every address", { LLM_PLATFORM_SERVER__HOST: "0.0.0.0" }],
  ["with workers", { LLM_PLATFORM_SERVER__WORKERS: "2", LLM_PLATFORM_SERVER__FAST_LANE: "true" }],
])("a new server in production, %s", (_name, env) => {
  test("lets nobody in until who started it has made the first admin", async () => {
    const platform = await startPlatform({ env: { ...production, ...env } });
    const local = { ...platform, url: platform.url.replace("0.0.0.0", "127.0.0.1") };
    for (const path of ["/v1/models", "/api/v1/users", "/metrics"])
      expect((await ask(local, path)).status, path).toBe(401);
    const first = { name: "ada", role: "admin" };
    expect((await ask(local, "/api/v1/users", { body: first })).status).toBe(401);
    const token = await tokenOf(platform);
    expect((await claim(local, { token: `llmps_${"x".repeat(43)}`, name: "eve" })).status).toBe(401);
    expect((await claim(local, { token, name: "a\nb" })).status).toBe(400);
    const made = await claim(local, { token, name: "ada", password });
    expect(made.status, made.text).toBe(200);
    const { key, name } = claimed.parse(made.json);
    expect(name).toBe("ada");
    expect(await as(local, key, "/api/v1/users")).toBe(200);
    expect(await as(local, key, "/v1/models")).toBe(200);
    const login = await ask(local, "/api/v1/auth/login", { body: { name, password } });
    expect(await as(local, String(member(login.json, "access_token")), "/api/v1/users")).toBe(200);
    expect((await claim(local, { token, name: "eve" })).status).toBe(409);
    expect((await ask(local, "/v1/models")).status).toBe(401);
    await platform.stop();
  });
});

test("what the server prints is a command that works", async () => {
  const platform = await startPlatform({ env: production });
  const line = await platform.logLine(/llmps_/);
  const args = (/llmp (setup NAME .*)$/.exec(line)?.[1] ?? "").replace("NAME", "ada").split(" ");
  const made = await runLlmp([...args, "--password"], { input: `${password}\n` });
  expect(made, made.stderr).toMatchObject({
    exitCode: 0,
    stderr: expect.stringMatching(/^ada \(user_.*shown this once:\n$/),
    stdout: expect.stringMatching(/^llmp_[\w-]{43}\n$/),
  });
  const login = await ask(platform, "/api/v1/auth/login", { body: { name: "ada", password } });
  expect(login.status, login.text).toBe(200);
  expect(await runLlmp(args)).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining("set up already"),
  });
  await platform.stop();
});

test("of many who claim a server at once exactly one wins", async () => {
  const platform = await startPlatform({ env: production });
  const token = await tokenOf(platform);
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, number) => claim(platform, { token, name: `admin-${number}`, password })),
  );
  const won = answers.filter(({ status }) => status === 200);
  expect(won, answers.map(({ text }) => text).join("\n")).toHaveLength(1);
  const { key } = claimed.parse(won[0]?.json);
  const headers = { authorization: `Bearer ${key}` };
  const { json } = await ask(platform, "/api/v1/users", { headers });
  expect(member(json, "users")).toHaveLength(1);
  await platform.stop();
});

test("the token stands in no line of the log itself, and each start prints another", async () => {
  const platform = await startPlatform({ env: production });
  const token = await tokenOf(platform);
  const logged = platform
    .log()
    .split("\n")
    .filter((line) => line.startsWith("{"));
  expect(logged.join("\n")).toContain("setup.waiting");
  expect(logged.join("\n")).not.toContain(token);
  platform.kill("SIGKILL");
  await platform.exit;
  const again = await startPlatform({ env: production, dataDirectory: platform.dataDirectory });
  expect(await tokenOf(again)).not.toBe(token);
  expect((await claim(again, { token, name: "ada" })).status).toBe(401);
  await again.stop();
  await platform.stop();
});

test.each([
  ["in development on this machine", {}, {}],
  [
    "with a key of the configuration",
    production,
    { auth: { api_keys: [{ name: "root", key: "a-key-0123456789abcdef", role: "admin" }] } },
  ],
])("a server %s has no set-up token", async (_name, env, config) => {
  const platform = await startPlatform({ config, env });
  await ask(platform, "/livez");
  expect(platform.log()).not.toContain("llmps_");
  expect((await claim(platform, { token: "llmps_", name: "eve" })).status).toBe(409);
  await platform.stop();
});
