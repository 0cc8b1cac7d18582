import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestServer, type TestServer } from "../../packages/kit/src/testing/test-server.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { type NpmRegistry, startNpmRegistry } from "../fakes/npm-registry.ts";
import { followPage, type PageInput, unmarkedFences } from "./follow-page.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const limitMs = 480_000;

let upstream: FakeUpstream;
let lights: TestServer;
let registry: NpmRegistry;

beforeAll(async () => {
  upstream = await createFakeUpstream({ dialect: "openai", models: ["qwen3-8b"] });
  registry = await startNpmRegistry();
  lights = await createTestServer({ body: { on: 3, off: 2 } });
});

afterAll(async () => {
  await upstream?.stop();
  await lights?.stop();
  await registry?.stop();
});

function pageOf(path: string): string {
  return readFileSync(root + path, "utf8");
}

const pages: readonly Pick<PageInput & { readonly path: string }, "path" | "isServerGiven">[] = [
  { path: "README.md" },
  { path: "docs/guides/quick-start.md" },
  { path: "docs/guides/write-an-integration.md" },
  { path: "docs/guides/clients.md", isServerGiven: true },
  { path: "docs/guides/troubleshoot.md", isServerGiven: true },
  { path: "docs/guides/back-up.md", isServerGiven: true },
  { path: "docs/guides/migrate.md" },
];

describe.each(pages)("$path", ({ path, ...options }) => {
  test("every block is run, or says why not", () => {
    expect(unmarkedFences(pageOf(path))).toEqual([]);
  });

  test("does what it says", { timeout: limitMs }, async () => {
    const replacements = { "http://10.0.0.5:8000": upstream.origin, "http://10.0.0.7": lights.url };
    await followPage({ page: pageOf(path), replacements, registry, ...options });
  });
});
