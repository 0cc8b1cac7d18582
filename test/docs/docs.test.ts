import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestServer, type TestServer } from "../../packages/kit/src/testing/test-server.ts";
import { createFakeUpstream, type FakeUpstream } from "../fakes/fake-upstream.ts";
import { type NpmRegistry, startNpmRegistry } from "../fakes/npm-registry.ts";
import { readFences } from "./fences.ts";
import { followPages, unmarkedFences } from "./follow-page.ts";
import { pageOf, pages } from "./pages.ts";

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

/** Somebody who follows so many pages, one after the other. */
const readers: readonly { readonly names: readonly string[]; readonly isServerGiven?: boolean }[] = [
  { names: ["README.md"] },
  { names: ["docs/guides/quick-start.md"] },
  { names: ["docs/guides/write-an-integration.md"] },
  { names: ["docs/guides/migrate.md", "docs/guides/deploy.md", "docs/guides/opentelemetry.md"] },
  {
    isServerGiven: true,
    names: [
      "docs/guides/clients.md",
      "docs/guides/troubleshoot.md",
      "docs/guides/connect.md",
      "docs/guides/local-models.md",
      "docs/guides/model-files.md",
      "docs/guides/graphql.md",
      "docs/guides/requests.md",
      "docs/guides/back-up.md",
      // With the users that it makes, every caller needs a key.
      "docs/guides/operate.md",
      "docs/guides/smoke.md",
    ],
  },
];

test.each(pages)("every block of $name is run, or says why not", ({ text }) => {
  expect(unmarkedFences(text)).toEqual([]);
});

test("every page with a block to run is followed", () => {
  const followed = new Set(readers.flatMap(({ names }) => names));
  const hasRun = (text: string) => readFences(text).some(({ marker }) => marker?.kind === "run");
  expect(
    pages.filter(({ name, text }) => hasRun(text) && !followed.has(name)).map(({ name }) => name),
  ).toEqual([]);
});

test("what is not run is known, with its reason", async () => {
  const lines = pages.flatMap(({ name, text }) =>
    readFences(text).flatMap(({ marker, language }) =>
      marker?.kind === "not run" ? [`${name}: ${language}: ${marker.reason}`] : [],
    ),
  );
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("not-run.txt");
});

describe.each(readers)("$names", ({ names, ...options }) => {
  test("does what it says", { timeout: limitMs }, async () => {
    const replacements = {
      "http://10.0.0.5:8000": upstream.origin,
      "http://10.0.0.7": lights.url,
      "https://llm.example.org": "http://127.0.0.1:8000",
      "/backups/": "./",
      "/srv/llm-platform": "./srv",
      "/run/secrets/": "./",
      "--subject openai": "--subject local",
    };
    await followPages({ pages: names.map(pageOf), replacements, registry, ...options });
  });
});
