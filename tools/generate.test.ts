import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Platform, startPlatform } from "../test/e2e/start-platform.ts";
import { compareFiles, writeFiles } from "./generators/generated-files.ts";
import { readOperations } from "./generators/inert-operations.ts";
import { createOpenApi } from "./generators/openapi.ts";
import { generateAll } from "./generators/outputs.ts";

type OpenApiOperation = {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly responses: Readonly<Record<string, unknown>>;
};
type Document = {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
};

// Read as a reader of the file would.
const document: Document = JSON.parse(JSON.stringify(createOpenApi()));
const routes = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);

describe("generated files", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "generated-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("are in the repository as the code says", async () => {
    expect(await compareFiles(fileURLToPath(new URL("../", import.meta.url)), generateAll())).toEqual([]);
  });

  it("are told by name when one is missing, was changed by hand, or the code has changed", async () => {
    const files = generateAll();
    expect(await compareFiles(folder, files)).toHaveLength(files.length);
    await writeFiles(folder, files);
    expect(await compareFiles(folder, files)).toEqual([]);

    const errors = join(folder, "docs/reference/errors.md");
    await writeFile(errors, (await readFile(errors, "utf8")).replace("503", "500"));
    expect(await compareFiles(folder, files)).toEqual([
      { path: "docs/reference/errors.md", why: expect.stringContaining("line") },
    ]);

    const changed = files.map((file) =>
      file.path === "docs/reference/errors.md" ? { ...file, text: `${file.text}more\n` } : file,
    );
    expect(await writeFiles(folder, changed)).toEqual(["docs/reference/errors.md"]);
    expect(await compareFiles(folder, changed)).toEqual([]);
  });
});

describe("the OpenAPI document", () => {
  it("has every operation in its REST binding", () => {
    for (const { name, rest } of readOperations()) {
      expect(document.paths[rest.path]?.[rest.method.toLowerCase()]?.operationId).toBe(name);
    }
  });

  it("names each operation once, and declares each parameter of a path", () => {
    const names = routes.map(({ operation }) => operation.operationId);
    expect(new Set(names).size).toBe(names.length);
    for (const { path, operation } of routes) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = (operation.parameters ?? [])
        .filter((each) => each.in === "path" && each.required)
        .map(({ name }) => name);
      expect(declared).toEqual(inPath);
      expect(operation.summary).not.toBe("");
      // What browsers are sent through answers with the way on, a channel goes on as WebSocket, and what is not offered
      // says so.
      expect(Object.keys(operation.responses).some((status) => /^(?:101|200|302|400)$/.test(status))).toBe(
        true,
      );
    }
  });

  it("refers only to what it holds", () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(
      ([, path]) => path ?? "",
    );
    expect(references.length).toBeGreaterThan(10);
    for (const reference of references) {
      const found = reference
        .split("/")
        .reduce<unknown>((node, key) => new Map(Object.entries(Object(node))).get(key), document);
      expect(found, reference).toBeDefined();
    }
  });
});

describe("the server", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await startPlatform();
  });
  afterAll(() => platform.stop());

  it("has every path of the OpenAPI document", async () => {
    const missing: string[] = [];
    for (const { path, method } of routes) {
      const target = path.replace("{name}", "prometheus").replace("{id}", "none");
      const hasBody = method === "POST" || method === "PUT";
      const response = await fetch(`${platform.url}${target}`, {
        method,
        headers: { connection: "close", ...(hasBody ? { "content-type": "application/json" } : {}) },
        ...(hasBody ? { body: "{}" } : {}),
      });
      const text = await response.text();
      if (response.status === 405 || text.includes("There is nothing at this path"))
        missing.push(`${method} ${path}: ${response.status}`);
    }
    expect(missing).toEqual([]);
  });

  it("has no path that this test would take for there by mistake", async () => {
    for (const path of ["/none", "/api/v1/none", "/integrations/a/none"]) {
      expect(await (await fetch(`${platform.url}${path}`)).text()).toContain("There is nothing at this path");
    }
  });
});
