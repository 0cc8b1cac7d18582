import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createRecordedLog, createScriptedIntegration } from "@llm-platform/kit/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCatalogue } from "./catalogue.ts";
import { loadDefinition, loadPackages } from "./load-package.ts";
import { createTestManager, testConfig } from "./test-manager.ts";

let base: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "packages-"));
});

afterAll(() => rm(base, { recursive: true }));

describe("loading a package", () => {
  test.each([
    ["a file", "./one-file.js", { "one-file.js": sourceOf({}) }],
    ["a folder with an index.js", "./folder", { "folder/index.js": sourceOf({}) }],
    [
      "a package by its folder",
      "./by-folder",
      { "by-folder/package.json": '{"main":"m.js"}', "by-folder/m.js": sourceOf({}) },
    ],
    [
      "an installed package with exports for imports only",
      "watch",
      {
        "node_modules/watch/package.json":
          '{"type":"module","exports":{".":{"types":"./x.d.ts","import":"./in.js"}}}',
        "node_modules/watch/in.js": sourceOf({}),
      },
    ],
    [
      "an installed package with a scope",
      "@me/watch",
      {
        "node_modules/@me/watch/package.json": '{"type":"module","exports":"./in.js"}',
        "node_modules/@me/watch/in.js": sourceOf({}),
      },
    ],
  ])("finds %s", async (_what, specifier, files) => {
    await write(files);
    expect(await loadDefinition(specifier, base)).toMatchObject({ id: "watch", contract: 1 });
  });

  test.each([
    ["nowhere", {}, "was not found. Install it in"],
    ["../../etc/nothing", {}, "was not found"],
    ["not a name", {}, "was not found"],
    [
      "./throws.js",
      { "throws.js": "throw new Error('secret text')" },
      "cannot be imported; the log says why",
    ],
    ["./empty.js", { "empty.js": "export const other = 1;" }, "exports nothing called integration"],
    ["./text.js", { "text.js": "export const integration = 'x';" }, "the definition is not an object"],
    [
      "./future.js",
      { "future.js": sourceOf({ contract: 2 }) },
      "watch has contract version 2; this platform has 1",
    ],
    [
      "./half.js",
      { "half.js": sourceOf({ type: "other", settings: {}, summary: "" }) },
      "watch has none of the types model_platform, monitoring, api, service; watch has no summary; " +
        "watch has no settings.jsonSchema; watch has no Standard Schema as settings.schema",
    ],
  ])("refuses %s by name", async (specifier, files, message) => {
    await write(files);
    await expect(loadDefinition(specifier, base)).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining(`The integration package ${specifier} `),
    });
    await expect(loadDefinition(specifier, base)).rejects.toThrow(message);
  });

  test("lets a package that cannot be loaded be the trouble of its own instance only", async () => {
    await write({ "good.js": sourceOf({}), "twin.js": sourceOf({}) });
    const { log, records } = createRecordedLog();
    const uses = ["./good.js", "./twin.js", "nowhere", "nowhere"];
    const packages = await loadPackages({
      uses,
      baseDirectory: base,
      log,
      isTrusted: (use) => use !== "nowhere",
    });
    expect(records.map(({ event, fields }) => [event, fields.use])).toEqual([
      ["integration.package_refused", "nowhere"],
    ]);
    const built = createScriptedIntegration();
    const { manager } = createTestManager({ catalogue: createCatalogue([built.definition], packages) });
    await manager.start([
      testConfig("good", { use: "./good.js" }),
      testConfig("twin", { use: "./twin.js" }),
      testConfig("lost", { use: "nowhere" }),
      testConfig("built-in"),
    ]);
    expect(manager.list().map(({ state }) => state)).toEqual(["running", "error", "error", "running"]);
    expect(manager.status("twin").reason).toContain("has the id watch, which is taken");
    expect(manager.status("lost").reason).toContain("The integration package nowhere was not found");
    await manager.stop(1_000);
  });
});

describe("the catalogue", () => {
  test("refuses duplicates and other contract versions, all at once, by name", () => {
    const { definition } = createScriptedIntegration({ id: "one" });
    const future: object = { ...definition, id: "two", contract: 2 };
    expect(() => Reflect.apply(createCatalogue, undefined, [[definition, definition, future]])).toThrow(
      "The catalogue cannot be made: one is defined twice; two has contract version 2; this platform has 1.",
    );
  });
});

async function write(files: Readonly<Record<string, string | undefined>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(base, name)), { recursive: true });
    await writeFile(join(base, name), text ?? "");
  }
}

/** Source of a module whose definition has these changes. */
function sourceOf(changes: Readonly<Record<string, unknown>>): string {
  return `export const integration = {
    contract: 1, id: "watch", type: "service", summary: "Watches",
    settings: {
      jsonSchema: { type: "object" },
      schema: { "~standard": { version: 1, vendor: "x", validate: (value) => ({ value }) } },
    },
    start: async () => ({ health: async () => ({ status: "ok" }), stop: async () => undefined }),
    ...${JSON.stringify(changes)},
  };`;
}
