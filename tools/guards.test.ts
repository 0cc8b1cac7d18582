import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { commandGuards } from "./guards/commands.ts";
import { type Guard, runGuard } from "./guards/guard.ts";
import { packedKitGuard } from "./guards/packed-kit.ts";
import { sizeGuard } from "./guards/size.ts";
import { styleGuard } from "./guards/style.ts";

const repository = resolve(import.meta.dirname, "..");
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A small tree of its own, under the rules of this one. */
function plant(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "llm-platform-guard-"));
  folders.push(root);
  const configs = [
    ".oxlintrc.json",
    ".dependency-cruiser.mjs",
    "biome.json",
    "tsconfig.base.json",
    "tsconfig.check.json",
  ];
  for (const name of configs) cpSync(join(repository, name), join(root, name));
  symlinkSync(join(repository, "node_modules"), join(root, "node_modules"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

function guardNamed(name: string): Guard {
  const guard = commandGuards.find((each) => each.name === name);
  if (guard === undefined) throw new Error(`there is no guard ${name}`);
  return guard;
}

const server = "packages/server/src";
const clean = {
  [`${server}/core/sum.ts`]:
    "export function sum(left: number, right: number): number {\n  return left + right;\n}\n",
};

describe("the style guard", () => {
  const violations: readonly (readonly [rule: string, path: string, text: string])[] = [
    ["a file is named after what it holds", `${server}/core/utils.ts`, ""],
    ["a file's name is in kebab-case", `${server}/core/someThing.ts`, ""],
    ["index.ts is a package's front door only", `${server}/core/index.ts`, ""],
    [
      "process.env is read in config/ only",
      `${server}/core/a.ts`,
      "export const a = () => process.env.HOME;\n",
    ],
    ["no mutable module variable", `${server}/core/a.ts`, "export let count = 0;\n"],
    ["erasable syntax only", `${server}/core/a.ts`, "export enum Color {\n  red,\n}\n"],
    ["a cast says why", `${server}/core/a.ts`, "export const a = (value: unknown) => value as string;\n"],
    ["a cast says why", `${server}/core/b.ts`, "export const a = parse(\n  one,\n) as string;\n"],
    [
      "requests leave through the guarded door",
      `${server}/gateway/a.ts`,
      'import { request } from "node:http";\nexport const a = request;\n',
    ],
    [
      "requests leave through the guarded door",
      `${server}/gateway/b.ts`,
      "export async function a() {\n  await fetch(address);\n}\n",
    ],
    [
      "requests leave through the guarded door",
      `${server}/gateway/c.ts`,
      'import {\n  createServer,\n  request,\n} from "node:https";\nexport const a = [createServer, request];\n',
    ],
    [
      "requests leave through the guarded door",
      `${server}/api/d.ts`,
      "export const a = () => fetch(address);\n",
    ],
    ["requests leave through the guarded door", `${server}/api/e.ts`, 'import * as http from "node:http";\n'],
    [
      "requests leave through the guarded door",
      "packages/integrations/src/f.ts",
      'export const a = () => import("undici");\n',
    ],
    [
      "requests leave through the guarded door",
      `${server}/wire/second-pool.ts`,
      'import { connect } from "node:net";\nexport const a = connect;\n',
    ],
    [
      "process.env is read in config/ only",
      `${server}/core/g.ts`,
      "const { env } = process;\nexport const a = env;\n",
    ],
    [
      "process.env is read in config/ only",
      "packages/client/src/h.ts",
      'import { env } from "node:process";\nexport const a = env;\n',
    ],
    ["erasable syntax only", `${server}/core/i.ts`, "namespace Inner {\n  export const a = 1;\n}\n"],
    ["nothing speaks of where it was written", `${server}/core/j.ts`, "// see #12\nexport const a = 1;\n"],
    ["nothing speaks of where it was written", ".ci/run", `cd ${"/wo"}rk && npm ci\n`],
    ["nothing is left for later", `${server}/core/a.ts`, `// ${"TO"}DO: later\n`],
    ["nothing speaks of where it was written", "docs/a.md", `see ${"/wo"}rk/main\n`],
  ];

  it.each(violations)("finds: %s", async (rule, path, text) => {
    const problems = await runGuard(styleGuard, plant({ ...clean, [path]: text }));
    expect(problems).toEqual([
      expect.stringMatching(new RegExp(`^${path.replaceAll(".", "\\.")}.*${rule}$`)),
    ]);
  });

  it("is content with a clean tree", async () => {
    expect(await runGuard(styleGuard, plant(clean))).toEqual([]);
  });

  it("lets the guarded doors themselves, types and the guarded door pass", async () => {
    const files = {
      [`${server}/wire/control-fetch.ts`]:
        'import { request } from "node:http";\nexport const a = request;\n',
      [`${server}/gateway/b.ts`]: 'import type { Agent } from "node:http";\nexport type B = Agent;\n',
      [`${server}/manager/c.ts`]:
        "export interface Door {\n  fetch(url: string): Promise<Response>;\n}\nexport const a = (door: Door) => door.fetch(address);\n",
    };
    expect(await runGuard(styleGuard, plant(files))).toEqual([]);
  });

  it("lets a cast pass that says why", async () => {
    const text =
      "// What the wire brings was checked by its schema.\nexport const a = (value: unknown) => value as string;\n";
    const spread = "// The same.\nexport const a = parse(\n  one,\n  (two) => three,\n) as string;\n";
    const files = { [`${server}/core/a.ts`]: text, [`${server}/core/b.ts`]: spread };
    expect(await runGuard(styleGuard, plant(files))).toEqual([]);
  });
});

describe("the size guard", () => {
  it("finds a file of more than 400 lines", async () => {
    const root = plant({ [`${server}/core/a.ts`]: "export {};\n".repeat(401) });
    expect(await runGuard(sizeGuard, root)).toEqual([
      expect.stringContaining("401 lines, at most 400 (file size)"),
    ]);
  });

  it("finds a function of more than 80 lines, and does not count functions inside it", async () => {
    const long = `export function long(): void {\n${"  work();\n".repeat(80)}}\n`;
    const factory = `export function create(): void {\n${"  function part(): void {\n    work();\n    work();\n  }\n".repeat(30)}}\n`;
    const callback = `start(\n  (one) => {\n${"    work();\n".repeat(80)}  },\n);\n`;
    const spread = `export function long(\n  one: number,\n): void {\n${"  work();\n".repeat(80)}}\n`;
    const method = `class Thing {\n  work(\n    one: number,\n  ): void {\n${"    work();\n".repeat(80)}  }\n}\n`;
    const root = plant({
      [`${server}/core/a.ts`]: long,
      [`${server}/core/b.ts`]: factory,
      [`${server}/core/c.ts`]: callback,
      [`${server}/core/d.ts`]: spread,
      [`${server}/core/e.ts`]: method,
    });
    expect(await runGuard(sizeGuard, root)).toEqual([
      expect.stringContaining("core/a.ts:1: a function of 82 lines"),
      expect.stringContaining("core/c.ts:2: a function of 82 lines"),
      expect.stringContaining("core/d.ts:1: a function of 84 lines"),
      expect.stringContaining("core/e.ts:4: a function of 82 lines"),
    ]);
  });
});

describe("the lint guard", () => {
  const violations: Readonly<Record<string, string>> = {
    "no-explicit-any": "export const a = (value: any) => value;\n",
    "no-non-null-assertion": "export const a = (value?: string) => value!.length;\n",
    "no-floating-promises":
      "async function work(): Promise<void> {}\nexport function a(): void {\n  work();\n}\n",
    "no-default-export": "export default 1;\n",
    "no-console": 'export const a = () => console.log("a");\n',
    "max-params": "export const a = (b: number, c: number, d: number, e: number) => b + c + d + e;\n",
    "consistent-type-imports": 'import { Server } from "node:http";\nexport type A = Server;\n',
    "consistent-type-assertions": "export const a = (value: unknown) => <string>value;\n",
    "ban-ts-comment": '// @ts-ignore\nexport const a: number = "one";\n',
    "max-depth":
      "export function a(b: boolean): void {\n  if (b) {\n    if (!b) {\n      if (b) {\n        if (!b) {\n          if (b) return;\n        }\n      }\n    }\n  }\n}\n",
  };

  it("finds one planted violation of each rule", async () => {
    const files = Object.fromEntries(
      Object.entries(violations).map(([rule, text]) => [`${server}/core/${rule}.ts`, text]),
    );
    const output = (await runGuard(guardNamed("lint"), plant(files))).join("\n");
    for (const rule of Object.keys(violations)) {
      expect(output).toMatch(new RegExp(`\\(${rule}\\): .*\n.*core/${rule}\\.ts`));
    }
  });

  it("is content with a clean tree", async () => {
    expect(await runGuard(guardNamed("lint"), plant(clean))).toEqual([]);
  });
});

describe("the dependency guard", () => {
  const strangers = ["manager", "store", "telemetry", "sharing", "pulls"];
  const thing = "export const thing = 1;\n";
  const uses = (path: string) => `export { thing } from "${path}";\n`;
  const tree: Readonly<Record<string, string>> = {
    "packages/kit/src/thing.ts": thing,
    "packages/kit/src/cyclic.ts": 'import { other } from "./other.ts";\nexport const cyclic = () => other;\n',
    "packages/kit/src/other.ts":
      'import { cyclic } from "./cyclic.ts";\nexport const other = () => cyclic;\n',
    "packages/kit/src/bad.ts": uses("zod"),
    "packages/integrations/src/bad.ts": uses("../../server/src/core/thing.ts"),
    [`${server}/core/thing.ts`]: thing,
    [`${server}/core/bad.ts`]: 'export { readFileSync as thing } from "node:fs";\n',
    [`${server}/wire/thing.ts`]: thing,
    [`${server}/wire/bad.ts`]: uses("../gateway/thing.ts"),
    ...Object.fromEntries(strangers.map((name) => [`${server}/${name}/bad.ts`, uses("../wire/thing.ts")])),
    [`${server}/wire/stranger.ts`]: uses("../store/bad.ts"),
    [`${server}/gateway/thing.ts`]: thing,
    [`${server}/gateway/bad.ts`]: uses("../api/thing.ts"),
    [`${server}/gateway/control.ts`]: uses("../control/thing.ts"),
    [`${server}/control/thing.ts`]: thing,
    [`${server}/api/thing.ts`]: thing,
    [`${server}/api/bad.ts`]: uses("../app.ts"),
    [`${server}/api/openai/bad.ts`]: uses("../rest/thing.ts"),
    [`${server}/api/rest/thing.ts`]: thing,
    [`${server}/config/thing.ts`]: thing,
    [`${server}/manager/config.ts`]: uses("../config/thing.ts"),
    [`${server}/workers/thing.ts`]: thing,
    [`${server}/api/worker.ts`]: uses("../workers/thing.ts"),
    [`${server}/app.ts`]: thing,
    "packages/console/src/door.ts": uses("../../server/src/core/thing.ts"),
    "packages/console/src/pages/one/bad.ts": uses("../two/thing.ts"),
    "packages/console/src/pages/two/thing.ts": thing,
    "packages/console/src/components/bad.ts": uses("../pages/two/thing.ts"),
  };
  const expected: Readonly<Record<string, string>> = {
    "no-cycle": "packages/kit/src/cyclic.ts",
    "kit-imports-nothing": "packages/kit/src/bad.ts",
    "integrations-see-the-kit-only": "packages/integrations/src/bad.ts",
    "core-is-pure": `${server}/core/bad.ts`,
    "floor-two-looks-down": `${server}/wire/bad.ts`,
    "wire-is-a-stranger-on-its-floor": `${server}/wire/stranger.ts`,
    ...Object.fromEntries(
      strangers.map((name) => [`${name}-is-a-stranger-on-its-floor`, `${server}/${name}/bad.ts`]),
    ),
    "floor-three-looks-down": `${server}/gateway/bad.ts`,
    "gateway-does-not-know-control": `${server}/gateway/control.ts`,
    "api-does-not-see-the-composition": `${server}/api/bad.ts`,
    "protocols-are-strangers": `${server}/api/openai/bad.ts`,
    "workers-are-seen-at-the-top": `${server}/api/worker.ts`,
    "config-is-read-at-the-top": `${server}/manager/config.ts`,
    "console-sees-the-client-only": "packages/console/src/door.ts",
    "pages-are-strangers": "packages/console/src/pages/one/bad.ts",
    "console-parts-do-not-know-pages": "packages/console/src/components/bad.ts",
  };

  it("finds one planted violation of each rule", async () => {
    const problems = await runGuard(guardNamed("dependencies"), plant(tree));
    for (const [rule, path] of Object.entries(expected))
      expect(problems).toContainEqual(expect.stringMatching(`^${rule}: ${path.replaceAll(".", "\\.")} → `));
  });

  it("has a planted violation for each rule", async () => {
    const address = pathToFileURL(join(repository, ".dependency-cruiser.mjs")).href;
    const module: { readonly default: { readonly forbidden: readonly { readonly name: string }[] } } =
      await import(address);
    const names = module.default.forbidden.map(({ name }) => name);
    expect(Object.keys(expected).toSorted()).toEqual(names.toSorted());
  });

  it("finds that the source files were not seen", async () => {
    const root = plant(clean);
    const config = "export default { forbidden: [], options: { exclude: { path: '[.]ts$' } } };\n";
    writeFileSync(join(root, ".dependency-cruiser.mjs"), config);
    expect(await runGuard(guardNamed("dependencies"), root)).toEqual([
      expect.stringContaining("saw 0 of 1 source files"),
    ]);
  });

  it("is content with a clean tree", async () => {
    expect(await runGuard(guardNamed("dependencies"), plant(clean))).toEqual([]);
  });
});

describe("the other guards", () => {
  it("finds a file that is not formatted", async () => {
    const problems = await runGuard(
      guardNamed("format"),
      plant({ [`${server}/core/a.ts`]: "export  const a=1\n" }),
    );
    expect(problems.join("\n")).toContain("core/a.ts");
    expect(await runGuard(guardNamed("format"), plant(clean))).toEqual([]);
  });

  it("finds a wrong type", async () => {
    const root = plant({ [`${server}/core/a.ts`]: 'export const a: number = "one";\n' });
    expect((await runGuard(guardNamed("types"), root)).join("\n")).toContain("core/a.ts(1,14): error TS2322");
  });

  it("finds what nobody uses", async () => {
    const manifest = JSON.stringify({ name: "planted", type: "module", exports: "./src/index.ts" });
    const root = plant({
      "package.json": manifest,
      "src/index.ts": 'export { used } from "./used.ts";\n',
      "src/used.ts": "export const used = 1;\nexport const unused = 2;\n",
      "src/orphan.ts": "export const orphan = 3;\n",
    });
    const output = (await runGuard(guardNamed("dead code"), root)).join("\n");
    expect(output).toContain("src/orphan.ts");
    expect(output).toMatch(/unused\s+src\/used\.ts/);
  });

  it("finds what only tests use", async () => {
    const root = plant({
      "package.json": JSON.stringify({ name: "planted", type: "module", exports: "./src/index.ts" }),
      "knip.json": JSON.stringify({
        entry: ["src/*.test.ts"],
        project: ["src/**/*.ts!", "!src/**/*.test.ts!"],
      }),
      "src/index.ts": "export const used = 1;\n",
      "src/tested.ts": "export const tested = 2;\n",
      "src/tested.test.ts": 'import { tested } from "./tested.ts";\nvoid tested;\n',
    });
    expect(await runGuard(guardNamed("dead code"), root)).toEqual([]);
    const output = (await runGuard(guardNamed("dead code in production"), root)).join("\n");
    expect(output).toContain("src/tested.ts");
  });

  it("finds a package that does not build", async () => {
    const project = { extends: "./tsconfig.base.json", include: ["src"] };
    const root = plant({
      "tsconfig.json": JSON.stringify(project),
      "src/a.ts": 'export const a: number = "one";\n',
    });
    expect((await runGuard(guardNamed("build"), root)).join("\n")).toContain("src/a.ts(1,14): error TS2322");
  });

  it("finds a generated file that drifted", async () => {
    const root = plant({
      "tools/generate.ts": 'console.error("errors.md: line 3");\nprocess.exitCode = 1;\n',
    });
    expect(await runGuard(guardNamed("drift"), root)).toEqual(["errors.md: line 3"]);
  });

  it("finds an example that does not work with the packed kit", async () => {
    const root = plant({
      "package.json": JSON.stringify({ name: "planted", private: true, workspaces: ["packages/kit"] }),
    });
    for (const path of ["packages/kit", "examples/integration-minimal"])
      cpSync(join(repository, path), join(root, path), { recursive: true });
    expect(await runGuard(packedKitGuard, root)).toEqual([]);
    const example = join(root, "examples/integration-minimal/index.js");
    writeFileSync(example, "export const integration = { contract: 2 };\n");
    expect((await runGuard(packedKitGuard, root)).join("\n")).toContain("test.js");
  });
});

describe("npm run check", () => {
  const check = (root: string, only: string) =>
    spawnSync(process.execPath, [join(repository, "tools/check.ts"), "--only", only], {
      cwd: root,
      encoding: "utf8",
    });

  it("prints one line for a guard that is content", () => {
    const { status, stdout } = check(plant(clean), "style");
    expect(stdout).toMatch(/^ok {5}style \(\d+\.\d s\)\n$/);
    expect(status).toBe(0);
  });

  it("prints each violation and what to do, and fails", () => {
    const { status, stdout } = check(plant({ [`${server}/core/utils.ts`]: "" }), "style");
    expect(stdout).toContain("FAILED style");
    expect(stdout).toContain("core/utils.ts: a file is named after what it holds");
    expect(stdout).toContain(`→ ${styleGuard.remedy}`);
    expect(status).toBe(1);
  });

  it("builds before a guard that reads what the build writes", () => {
    const root = plant({
      ...clean,
      "package.json": JSON.stringify({ type: "module" }),
      "tsconfig.json": JSON.stringify({ extends: "./tsconfig.base.json", include: ["packages"] }),
    });
    expect(check(root, "types").stdout).toMatch(/^ok {5}build .*\nok {5}types .*\n$/);
  });

  it("names the guards that there are when asked for another", () => {
    const { status, stderr } = check(plant(clean), "none");
    expect(stderr).toContain("no guard is called none; there are: build, format, lint");
    expect(status).toBe(2);
  });
});
