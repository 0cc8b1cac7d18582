import { expect, test } from "vitest";
import { ask, chatBody } from "./http.ts";
import { startPlatform } from "./start-platform.ts";
import { startWithWorkers } from "./worker-platform.ts";

const issuer = "https://id.example.org";

function configOf(server: object) {
  return {
    server,
    auth: { oidc: [{ name: "corp", issuer, audience: "llm", default_role: "viewer" }] },
  };
}

test.each([
  ["one process", (server: object) => startPlatform({ config: configOf(server) })],
  ["workers", (server: object) => startWithWorkers(configOf(server))],
])("who is refused learns how to get a token, with %s", async (_name, start) => {
  const platform = await start({});
  const metadataOf = (resource: string) => `${platform.url}/.well-known/oauth-protected-resource${resource}`;
  const body = chatBody("any");
  for (const [path, resource, asking] of [
    ["/v1/chat/completions", "/v1", { body }],
    ["/v1/models", "/v1", {}],
    ["/api/v1/access/whoami", "", {}],
    ["/metrics", "", {}],
    ["/local/ollama/generate", "", { body }],
  ] as const) {
    const bare = await ask(platform, path, asking);
    expect(bare.status, path).toBe(401);
    expect(bare.headers.get("www-authenticate"), path).toBe(
      `Bearer realm="llm-platform", resource_metadata="${metadataOf(resource)}"`,
    );
    const headers = { authorization: `Bearer llmp_${"x".repeat(43)}` };
    const wrong = await ask(platform, path, { ...asking, headers });
    expect(wrong.headers.get("www-authenticate"), path).toBe(
      `Bearer realm="llm-platform", error="invalid_token", resource_metadata="${metadataOf(resource)}"`,
    );
    const metadata = await fetch(metadataOf(resource));
    expect(metadata.status).toBe(200);
    expect(await metadata.json()).toEqual({
      resource: platform.url + resource,
      resource_name: "llm-platform",
      bearer_methods_supported: ["header"],
      authorization_servers: [issuer],
    });
  }
  await platform.stop();
});

test("a configured address is told instead of the one that the request names", async () => {
  const platform = await startPlatform({ config: configOf({ public_url: "https://llm.example.org" }) });
  const refused = await ask(platform, "/v1/models");
  expect(refused.headers.get("www-authenticate")).toContain(
    'resource_metadata="https://llm.example.org/.well-known/oauth-protected-resource/v1"',
  );
  const { json } = await ask(platform, "/.well-known/oauth-protected-resource/v1");
  expect(json).toMatchObject({ resource: "https://llm.example.org/v1" });
  await platform.stop();
});
