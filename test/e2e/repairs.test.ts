import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { type Answer, ask, type Asking, chatBody, member } from "./http.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

const key = "a-key-of-the-configuration-0123456789";
const viewerKey = "a-viewer-of-the-configuration-0123456789";
const secret = "sk-a-secret-of-the-upstream";

let upstream: FakeUpstream;
let platform: Platform;
const call = (path: string, asking: Asking = {}, as = key): Promise<Answer> =>
  ask(platform, path, { ...asking, headers: { authorization: `Bearer ${as}` } });
const put = (body: object) => call("/integrations/fake/config", { method: "PUT", body });

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai" });
  platform = await startPlatform({
    config: {
      bundled_prices: false,
      auth: {
        api_keys: [
          { name: "root", key, role: "admin" },
          { name: "looker", key: viewerKey, role: "viewer" },
        ],
      },
      integrations: [openAiIntegration("fake", upstream.origin, { api_key: secret })],
    },
  });
});
afterAll(async () => {
  await platform?.stop();
  await upstream?.stop();
});

async function repairs(as = key): Promise<readonly string[]> {
  const { json, text } = await call("/api/v1/system/repairs", {}, as);
  const list = member(json, "repairs");
  if (!Array.isArray(list)) throw new Error(text);
  return list.map((each: unknown) => String(member(each, "id")));
}

describe("repairs", () => {
  test("a well server has none", async () => expect(await repairs()).toEqual([]));

  test("name a key that ends soon to those who may see keys, and not one that was revoked", async () => {
    const expires_at = new Date(Date.now() + 86_400_000).toISOString();
    const ids = [];
    for (const name of ["ending", "gone"]) {
      const made = await call("/api/v1/keys", { body: { name, expires_at } });
      ids.push(String(member(made.json, "id")));
    }
    await call(`/api/v1/keys/${ids[1]}`, { method: "DELETE" });
    expect(await repairs()).toEqual([`key.ends.${ids[0]}`]);
    expect(await repairs(viewerKey)).toEqual([]);
    await call(`/api/v1/keys/${ids[0]}`, { method: "DELETE" });
    expect(await repairs()).toEqual([]);
  });

  test("name models without a price once they were used", async () => {
    await call("/v1/chat/completions", { body: chatBody("fake/tiny-chat") });
    await platform.ledgerRows({ count: 1 });
    await expect.poll(() => repairs(), { timeout: 10_000 }).toEqual(["prices.unknown"]);
  });

  test("name an integration that is in trouble, with what mends it, the worst first", async () => {
    await put({ enabled: false });
    await put({ enabled: true, settings: { base_url: "http://127.0.0.1:9/v1" } });
    const { json } = await call("/api/v1/system/repairs");
    expect(member(member(json, "repairs"), "0")).toMatchObject({
      severity: "warning",
      subject: { type: "integration", name: "fake" },
      page: "/integrations/fake",
      fix: { operation: "integrations.restart", input: { name: "fake" } },
    });
    await put({ settings: { base_url: `${upstream.origin}/v1`, api_key: secret } });
    expect(await repairs()).toEqual(["prices.unknown"]);
  });
});

describe("settings that are sent back as they were shown", () => {
  const trial = (settings: object) => call("/integrations/fake/test", { body: { settings } });

  test("secrets are shown as a mark, and stay when the mark comes back", async () => {
    const shown = await call("/integrations/fake/config", {}, viewerKey);
    expect(shown.text).not.toContain(secret);
    expect(member(shown.json, "settings")).toEqual({
      base_url: `${upstream.origin}/v1`,
      api_key: "[secret]",
    });
    expect(member(member(member(shown.json, "schema"), "properties"), "api_key")).toMatchObject({
      format: "secret",
    });
    const settings = { ...Object(member(shown.json, "settings")), stream_usage: false };
    expect((await put({ settings })).status).toBe(200);
    const before = upstream.requests.length;
    expect((await trial(settings)).json).toMatchObject({ status: "ok", detail: null });
    expect(JSON.stringify(upstream.requests.slice(before))).toContain(secret);
  });

  test("no secret goes to another server", async () => {
    const seen: string[] = [];
    const thief = createServer((request, response) => {
      seen.push(String(request.headers.authorization));
      response.end("{}");
    });
    await new Promise<void>((resolve) => thief.listen(0, "127.0.0.1", resolve));
    const address = thief.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const settings = { base_url: `http://127.0.0.1:${port}/v1`, api_key: "[secret]" };
    for (const answer of [await trial(settings), await put({ settings })]) {
      expect(answer.status).toBe(400);
      expect(answer.text).toContain("/settings/api_key");
    }
    expect(seen).toEqual([]);
    await new Promise((resolve) => thief.close(resolve));
  });

  test("a trial says what does not work, and changes nothing", async () => {
    const { json } = await trial({ base_url: "http://127.0.0.1:9/v1" });
    expect(member(json, "status")).toBe("failed");
    expect(String(member(json, "detail"))).not.toContain("undefined");
    const bad = await trial({ base_url: 5 });
    expect(bad.status).toBe(422);
    expect(bad.text).toContain("/settings/base_url");
    expect(member((await call("/integrations/fake/status")).json, "state")).toBe("running");
    const surface = await call("/integrations/openai-api/test", { body: {} });
    expect(surface.status).toBe(409);
    expect((await call("/integrations/fake/test", { body: {} }, viewerKey)).status).toBe(403);
  });
});

test("what runs on the server's machine is looked for when somebody asks", async () => {
  const { json, status } = await call("/integrations/discover", { method: "POST" });
  expect(status).toBe(200);
  expect(Array.isArray(member(json, "found"))).toBe(true);
  expect((await call("/integrations/discover", { method: "POST" }, viewerKey)).status).toBe(403);
});
