import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Answer, ask } from "../e2e/http.ts";
import { setUps } from "../e2e/set-ups.ts";
import { type Platform, startPlatform } from "../e2e/start-platform.ts";

const html = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };

describe.each(setUps)("the console's files over %s", (_name, env) => {
  let platform: Platform;
  const get = (path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
    ask(platform, path, { headers });

  beforeAll(async () => {
    platform = await startPlatform({ env });
  });
  afterAll(() => platform?.stop());

  test("a browser gets the page at /, others what they got before", async () => {
    const page = await get("/", html);
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(page.headers.get("cache-control")).toBe("no-cache");
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect((await get("/")).text).toBe("Ollama is running");
    expect((await get("/", { accept: "application/json" })).text).toBe("Ollama is running");
  });

  test("deep links are the page for browsers, and no path of an API is", async () => {
    expect((await get("/console/integrations/fake", html)).text).toContain("<script");
    expect((await get("/console/integrations/fake", { accept: "application/json" })).status).toBe(404);
    for (const path of ["/v1/nothing", "/api/v1/nothing", "/nothing", "/integrations/x/nothing"]) {
      const { status, headers } = await get(path, html);
      expect([path, status]).toEqual([path, 404]);
      expect(headers.get("content-type")).toMatch(/json/);
    }
  });

  test("files are kept for good, compressed as the browser likes it, and the page is asked for anew", async () => {
    const { text, headers } = await get("/console/", html);
    const script = /src="(\/console\/assets\/[^"]+\.js)"/.exec(text)?.[1] ?? "";
    const file = await get(script, { "accept-encoding": "gzip, br" });
    expect(file.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(file.headers.get("content-encoding")).toBe("br");
    expect(file.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    const gzipped = await get(script, { "accept-encoding": "gzip;q=1, br;q=0" });
    expect(gzipped.headers.get("content-encoding")).toBe("gzip");
    const plain = await get(script, { "accept-encoding": "identity" });
    expect(plain.headers.get("content-encoding")).toBeNull();
    expect(plain.text).toBe(file.text);
    const again = await get("/console/", { ...html, "if-none-match": headers.get("etag") ?? "" });
    expect(again.status).toBe(304);
  });

  test.each(["/console/assets/none.js", "/console/assets/..%2f..%2fmain.js", "/console/index.html.br"])(
    "%s is not there",
    async (path) => expect((await get(path)).status).toBe(404),
  );

  test("it only reads", async () => {
    const posted = await ask(platform, "/console/", { method: "POST", headers: html });
    expect(posted.status).toBe(405);
    expect(posted.headers.get("allow")).toBe("GET, HEAD");
  });
});

test("a server without the console has it nowhere", async () => {
  const platform = await startPlatform({ env: { CONSOLE_ENABLED: "false" } });
  expect((await ask(platform, "/", { headers: html })).text).toBe("Ollama is running");
  expect((await ask(platform, "/console/", { headers: html })).status).toBe(404);
  await platform.stop();
});

test("a login is kept in a cookie for pages of the server alone", async () => {
  const rootKey = "a-key-of-the-configuration-0123456789";
  const platform = await startPlatform({
    config: { auth: { api_keys: [{ name: "root", key: rootKey, role: "admin" }] } },
  });
  const path = "/api/v1/auth/session/keep";
  const body = { refresh_token: "llmr_none" };
  const foreign = await ask(platform, path, { body, headers: { origin: "https://evil.example" } });
  expect(foreign.status).toBe(403);
  expect((await ask(platform, path, { body })).status).toBe(403);
  const own = await ask(platform, path, { body, headers: { origin: platform.url } });
  expect(own.status).toBe(401);
  expect(own.headers.get("set-cookie")).toBeNull();
  const odd = await ask(platform, path, { body: "[]", headers: { origin: platform.url } });
  expect(odd.status).toBe(400);
  const state = await ask(platform, "/api/v1/auth/session/state");
  expect(state.json).toEqual({ is_open: false, needs_first_admin: false, providers: [], has_session: false });
  await platform.stop();
});
