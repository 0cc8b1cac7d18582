import { execFile } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseMetrics } from "./first-start-metrics.ts";
import { type StartedServer, startServerIn } from "./first-start-server.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);

let folder: string;
let page: Server;
let server: StartedServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "llm-platform-third-party-"));
  page = createServer((_request, response) => response.end("up")).listen(0, "127.0.0.1");
  await once(page, "listening");
  await installPackages();
  await writeBrokenPackage();
  const address = page.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/`;
  // YAML is a superset of JSON.
  const config = {
    integrations: [
      { name: "our-website", use: "llm-platform-page-watch", settings: { url }, health_check_interval: 1 },
      { name: "from-the-future", use: "./from-the-future" },
      { name: "unset", use: "llm-platform-page-watch", settings: {} },
      { name: "local", enabled: false },
      { name: "ollama", enabled: false },
    ],
  };
  await writeFile(join(folder, "llm-platform.yaml"), JSON.stringify(config));
  server = await startServerIn({ workingDirectory: folder, env: { HOME: folder } });
});

afterAll(async () => {
  await server?.stop();
  page?.close();
  page?.closeAllConnections();
  await rm(folder, { recursive: true, force: true });
});

/** Installs the kit and the example as a user would, from what would be published and without a network. */
async function installPackages(): Promise<void> {
  const example = join(folder, "example");
  await cp(join(root, "examples/integration-minimal"), example, { recursive: true });
  const pack = async (cwd: string, ...args: string[]) => {
    const { stdout } = await run("npm", ["pack", "--silent", "--pack-destination", folder, ...args], { cwd });
    return join(folder, stdout.trim().split("\n").at(-1) ?? "");
  };
  const kit = await pack(root, "-w", "@llm-platform/kit");
  const integration = await pack(example);
  await writeFile(join(folder, "package.json"), '{ "private": true }');
  const quiet = ["--offline", "--no-audit", "--no-fund", "--ignore-scripts", "--cache", join(folder, ".npm")];
  await run("npm", ["install", ...quiet, kit, integration], { cwd: folder });
}

async function writeBrokenPackage(): Promise<void> {
  await mkdir(join(folder, "from-the-future"));
  await writeFile(
    join(folder, "from-the-future/index.mjs"),
    'export const integration = { contract: 99, id: "from-the-future", start() {} };\n',
  );
  await writeFile(join(folder, "from-the-future/package.json"), '{ "exports": "./index.mjs" }');
}

async function getJson(path: string, method = "GET"): Promise<unknown> {
  const response = await fetch(server.url + path, { method });
  expect(response.status).toBe(200);
  return response.json();
}

/** Settles when the page was asked once more; the probe's figures are told only after the answer. */
async function nextProbe(): Promise<void> {
  await once(page, "request");
}

test("a package that names itself in the configuration runs and is probed", async () => {
  expect(await getJson("/integrations/our-website/status")).toMatchObject({
    type: "monitoring",
    use: "llm-platform-page-watch",
    summary: "Watches one web page",
    state: "running",
    reason: null,
  });
  await nextProbe();
  await nextProbe();
  expect(await getJson("/integrations/our-website/status")).toMatchObject({
    last_probe: { status: "ok", duration_ms: expect.any(Number) },
    consecutive_failures: 0,
  });
});

test("its own metrics are among the platform's, and can be had for it alone", async () => {
  await nextProbe();
  await nextProbe();
  const families = parseMetrics(await (await fetch(`${server.url}/metrics`)).text());
  const family = families.get("llm_integration_page_watch_probes_total");
  expect(family).toMatchObject({ type: "counter", help: "Probes of the page" });
  const sample = family?.samples.find(({ labels }) => labels.includes('integration="our-website"'));
  expect(sample?.labels).toContain('outcome="ok"');
  expect(sample?.value).toBeGreaterThan(0);
  expect(families.get("llm_integration_page_watch_answer_seconds")?.type).toBe("histogram");
  expect(await getJson("/integrations/our-website/metrics")).toMatchObject({
    name: "our-website",
    samples: expect.arrayContaining([
      expect.objectContaining({ name: "llm_integration_page_watch_probes_total", value: expect.any(Number) }),
    ]),
  });
});

test("it is restarted over REST, and is probed again", async () => {
  const before = await getJson("/integrations/our-website/status");
  const after = await getJson("/integrations/our-website/restart", "POST");
  expect(after).toMatchObject({ name: "our-website", state: "running" });
  expect(after).not.toMatchObject({ since: Object(before).since });
  await nextProbe();
});

test("a page that goes down makes it ill, with the package's own words", async () => {
  page.removeAllListeners("request");
  page.on("request", (_request, response) => response.writeHead(503).end());
  await nextProbe();
  await nextProbe();
  await nextProbe();
  expect(await getJson("/integrations/our-website/status")).toMatchObject({
    last_probe: { status: "failed", detail: "The page answers with status 503." },
  });
});

test("packages that cannot be used are named with the reason, and the rest runs", async () => {
  expect(await getJson("/integrations/from-the-future/status")).toMatchObject({
    state: "error",
    reason: expect.stringMatching(/from-the-future.*contract version 99.*platform has 1/),
  });
  expect(await getJson("/integrations/unset/status")).toMatchObject({
    state: "error",
    reason: expect.stringMatching(/url/),
  });
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  expect(await getJson("/integrations/rest-api/status")).toMatchObject({ state: "running" });
});
