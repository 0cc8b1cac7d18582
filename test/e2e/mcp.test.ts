import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { ask, member } from "./http.ts";
import { openAiIntegration, type Platform, startPlatform } from "./start-platform.ts";

const keys = { admin: "admin-key-0123456789", viewer: "viewer-key-0123456789" };

let upstream: FakeUpstream;
let platform: Platform;

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai" });
  platform = await startPlatform({
    config: {
      integrations: [openAiIntegration("fake", upstream.origin)],
      auth: {
        api_keys: [
          { name: "admin", key: keys.admin, role: "admin" },
          { name: "viewer", key: keys.viewer, role: "viewer" },
        ],
      },
    },
  });
});
afterAll(async () => {
  await platform.stop();
  await upstream.stop();
});

async function connect(key: string): Promise<Client> {
  const client = new Client({ name: "test", version: "1.0.0" });
  const requestInit = { headers: { authorization: `Bearer ${key}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${platform.url}/mcp`), { requestInit }));
  return client;
}

test("an agent finds the operations as tools, and runs the platform with them", async () => {
  const client = await connect(keys.admin);
  expect(client.getServerVersion()).toMatchObject({ name: "llm-platform" });
  const { tools } = await client.listTools();
  const restart = tools.find(({ name }) => name === "integrations_restart");
  expect(restart?.annotations).toMatchObject({ readOnlyHint: false, destructiveHint: false });
  expect(restart?.inputSchema).toMatchObject({ type: "object", required: ["name"] });
  // Every operation is one, under a name that all clients take.
  const answer = await ask(platform, "/api/v1/access/routes", {
    headers: { authorization: `Bearer ${keys.admin}` },
  });
  const { routes } = z.object({ routes: z.array(z.unknown()) }).parse(answer.json);
  expect(tools.length).toBeGreaterThan(50);
  expect(tools.length).toBeLessThanOrEqual(routes.length);
  for (const { name } of tools) expect(name).toMatch(/^[a-z][a-z_]{0,63}$/);

  const listed = await client.callTool({ name: "models_list", arguments: { integration: "fake" } });
  expect(listed.structuredContent).toMatchObject({
    models: expect.arrayContaining([expect.objectContaining({ id: "tiny-chat" })]),
  });
  const restarted = await client.callTool({ name: "integrations_restart", arguments: { name: "fake" } });
  expect(restarted.isError).not.toBe(true);
  await client.close();
  const audit = await ask(platform, "/api/v1/audit?operation=integrations.restart", {
    headers: { authorization: `Bearer ${keys.admin}` },
  });
  expect(JSON.stringify(audit.json)).toContain("integrations.restart");
});

test("a tool that a caller may not use is not listed, and refuses; what does not fit is told with its field", async () => {
  const viewer = await connect(keys.viewer);
  const { tools } = await viewer.listTools();
  expect(tools.map(({ name }) => name)).toContain("integrations_list");
  expect(tools.map(({ name }) => name)).not.toContain("integrations_restart");
  const refused = await viewer.callTool({ name: "integrations_restart", arguments: { name: "fake" } });
  expect(refused.isError).toBe(true);
  expect(refused.structuredContent).toMatchObject({ error: { code: "forbidden" } });
  await viewer.close();
  const admin = await connect(keys.admin);
  const odd = await admin.callTool({ name: "integrations_restart", arguments: { name: "fake", odd: 1 } });
  expect(odd.structuredContent).toMatchObject({ error: { code: "invalid_request" } });
  const none = await admin.callTool({ name: "integrations_status", arguments: { name: "none-such" } });
  expect(none.structuredContent).toMatchObject({ error: { code: "not_found" } });
  await expect(admin.callTool({ name: "no_such_tool" })).rejects.toThrow("There is no tool no_such_tool.");
  await admin.close();
});

test("who is not known is told where to get a token, and bad input leaves the server as it is", async () => {
  const nobody = await ask(platform, "/mcp", { body: {} });
  expect(nobody.status).toBe(401);
  expect(nobody.headers.get("www-authenticate")).toContain("/.well-known/oauth-protected-resource/mcp");
  const headers = {
    authorization: `Bearer ${keys.admin}`,
    accept: "application/json, text/event-stream",
  };
  const metadata = await ask(platform, "/.well-known/oauth-protected-resource/mcp");
  expect(member(metadata.json, "resource")).toBe(`${platform.url}/mcp`);
  const bad = [
    { body: "{", status: 400 },
    { body: [], status: 400 },
    { body: "x".repeat(1_100_000), status: 413 },
  ];
  for (const { body, status } of bad) {
    const answer = await ask(platform, "/mcp", { body, headers });
    expect(answer.status, answer.text).toBe(status);
    expect(answer.text).not.toContain("    at ");
  }
  const unknown = await ask(platform, "/mcp", {
    body: { jsonrpc: "2.0", id: 1, method: "no/such" },
    headers,
  });
  expect(unknown.text).toContain("-32601");
  const read = await ask(platform, "/mcp", { headers });
  expect(read.status).toBe(405);
  const wrongType = await fetch(`${platform.url}/mcp`, {
    method: "POST",
    headers: { ...headers, "content-type": "text/plain" },
    body: "{}",
  });
  expect(wrongType.status).toBe(415);
});
