import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtInIntegrations } from "../../packages/integrations/src/index.ts";
import { createTestServer, type TestServer } from "../../packages/kit/src/testing/test-server.ts";
import { takenNames } from "../../packages/client/src/cli/create-integration.ts";
import { type NpmRegistry, startNpmRegistry } from "../fakes/npm-registry.ts";
import { runLlmp } from "./cli-process.ts";
import { type StartedServer, startServerIn } from "./first-start-server.ts";

const run = promisify(execFile);

let folder: string;
let registry: NpmRegistry;
let watched: TestServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "llm-platform-create-"));
  registry = await startNpmRegistry();
  watched = await createTestServer({ body: "up" });
});

afterAll(async () => {
  await registry?.stop();
  await watched?.stop();
  await rm(folder, { recursive: true, force: true });
});

function create(...args: string[]) {
  return runLlmp(["create-integration", ...args], { workingDirectory: folder });
}

async function npm(...args: string[]): Promise<string> {
  const { PATH } = process.env;
  const { stdout } = await run("npm", args, {
    cwd: join(folder, "office-lights"),
    env: { PATH, ...registry.env(folder) },
  });
  return stdout;
}

async function getJson(url: string): Promise<unknown> {
  return (await fetch(url)).json();
}

describe("llmp create-integration", () => {
  let server: StartedServer | undefined;
  afterAll(() => server?.stop());

  test("makes a package that passes its own tests, and that the platform runs", {
    timeout: 300_000,
  }, async () => {
    const { exitCode, stdout } = await create("office-lights", "--author", "Ada");
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringContaining("src/index.ts") });
    expect(await readFile(join(folder, "office-lights/LICENSE"), "utf8")).toContain(
      `Copyright (c) ${new Date().getFullYear()} Ada`,
    );
    await npm("install");
    expect(await npm("test")).toMatch(/pass 19\n(.*\n)*.*fail 0/);
    const integrations = [
      {
        name: "lights",
        use: "./office-lights",
        settings: { url: watched.url, api_key: "k" },
        health_check_interval: 1,
      },
      { name: "ollama", enabled: false },
    ];
    await writeFile(join(folder, "llm-platform.yaml"), JSON.stringify({ integrations }));
    server = await startServerIn({ workingDirectory: folder, env: { HOME: folder } });
    const { url } = server;
    await expect
      .poll(() => getJson(`${url}/integrations/lights/status`), { timeout: 30_000 })
      .toMatchObject({ state: "running", use: "./office-lights", last_probe: { status: "ok" } });
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect(await (await fetch(`${url}/metrics`)).text()).toContain(
      "llm_integration_office_lights_probes_total{",
    );
  });

  test("takes no name that the platform has already", async () => {
    const listed: unknown = await getJson(`${server?.url}/integrations/`);
    const uses = JSON.stringify(listed).matchAll(/"use":"([^"]+)"/g);
    const own = [...uses].map(([, use]) => use ?? "").filter((use) => use !== "./office-lights");
    expect(own).toContain("rest-api");
    expect(takenNames).toEqual(expect.arrayContaining([...own, ...builtInIntegrations.map(({ id }) => id)]));
    const { exitCode, stderr } = await create("ollama");
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: expect.stringMatching(/has already.*my-ollama/),
    });
  });

  test("what is published has the licence, and neither sources nor tests", async () => {
    const [{ files }] = JSON.parse(await npm("pack", "--dry-run", "--json", "--ignore-scripts"));
    expect(files.map(({ path }: { readonly path: string }) => path).sort()).toEqual([
      "LICENSE",
      "README.md",
      "dist/index.d.ts",
      "dist/index.js",
      "dist/settings.d.ts",
      "dist/settings.js",
      "package.json",
    ]);
  });
});

describe("a licence", () => {
  test.each([
    ["Apache-2.0", "Apache-2.0", "Apache License"],
    ["none", "UNLICENSED", undefined],
  ])("%s", async (license, named, text) => {
    const directory = join(folder, `with-${license}`);
    expect(await create("a-name", "--directory", directory, "--license", license)).toMatchObject({
      exitCode: 0,
    });
    expect(JSON.parse(await readFile(join(directory, "package.json"), "utf8"))).toMatchObject({
      license: named,
    });
    const file = await readFile(join(directory, "LICENSE"), "utf8").catch(() => undefined);
    if (text === undefined) expect(file).toBeUndefined();
    else expect(file).toContain(text);
  });

  test("that is not known is refused", async () => {
    expect(await create("a-name", "--license", "WTFPL")).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("MIT, Apache-2.0, none"),
    });
  });
});

test("the kit may come from a file, and JSON tells what was made", async () => {
  const directory = join(folder, "from-a-file");
  const { stdout } = await create(
    "a-name",
    "--directory",
    directory,
    "--kit",
    "file:../kit.tgz",
    "-o",
    "json",
  );
  expect(JSON.parse(stdout)).toMatchObject({ name: "a-name", folder: directory });
  expect(JSON.parse(await readFile(join(directory, "package.json"), "utf8"))).toMatchObject({
    devDependencies: { "@llm-platform/kit": "file:../kit.tgz" },
    peerDependencies: { "@llm-platform/kit": expect.stringMatching(/^\^\d/) },
  });
});

test.each(["Lights", "2fast", "a--b", "-a", "a_b", "../up", "ä", "a".repeat(51)])(
  "%s is no name; what one looks like is told",
  async (name) => {
    const before = await readdir(folder);
    const { exitCode, stderr } = await create("--", name);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining("office-lights") });
    expect(await readdir(folder)).toEqual(before);
  },
);

describe("a folder that cannot be made is left alone, and the way out is told", () => {
  test("because it is there", async () => {
    await mkdir(join(folder, "here"));
    await writeFile(join(folder, "here/mine.txt"), "mine");
    const { exitCode, stderr } = await create("here");
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringMatching(/is there already.*--directory/),
    });
    expect(await readdir(join(folder, "here"))).toEqual(["mine.txt"]);
  });

  test("because one may not write there", async () => {
    const closed = process.getuid?.() === 0 ? "/sys" : join(folder, "closed");
    if (closed !== "/sys") {
      await mkdir(closed);
      await chmod(closed, 0o500);
    }
    const { exitCode, stderr } = await create("a-name", "--directory", join(closed, "a-name"));
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringMatching(/you may not write to .*--directory/),
    });
  });

  test("because nothing is above it", async () => {
    const { exitCode, stderr } = await create("a-name", "--directory", join(folder, "no/a-name"));
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringMatching(/there is no folder .*no\. Make it first/),
    });
  });
});
