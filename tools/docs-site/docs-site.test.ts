import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { beforeAll, expect, it } from "vitest";
import { resolveLink } from "./links.ts";
import { isPage, sidebar, toLink } from "./pages.ts";

const root = resolve(import.meta.dirname, "../..");
const site = join(root, "dist/docs");
const buildLimitMs = 600_000;

let built: { readonly status: unknown; readonly output: string };

beforeAll(async () => {
  const program = join(root, "node_modules/vitepress/bin/vitepress.js");
  const child = spawn(process.execPath, [program, "build", "tools/docs-site"], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  built = { status, output: stdout + stderr };
}, buildLimitMs);

it("is built, which a dead link would prevent", () => {
  expect(built, built.output).toMatchObject({ status: 0 });
  expect(readFileSync(join(site, "docs/guides/quick-start.html"), "utf8")).toContain("Five minutes");
});

it("has every page in its navigation, once, and each of them as a file", () => {
  const links = sidebar(root).flatMap(({ items }) => items.map(({ link }) => link));
  expect(new Set(links).size).toBe(links.length);
  const pages = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .map((path) => `docs/${path.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(".md"));
  expect(pages.filter((path) => !isPage(path))).toEqual([]);
  expect(links).toEqual(expect.arrayContaining(pages.map(toLink)));
  const files = links.map((link) => join(site, link === "/" ? "index.html" : `${link}.html`));
  expect(files.filter((file) => !existsSync(file))).toEqual([]);
});

it("loads nothing from elsewhere, and searches by an index of its own", () => {
  const files = readdirSync(site, { recursive: true, encoding: "utf8" });
  expect(files.some((file) => /assets\/chunks\/@localSearchIndex.*\.js$/.test(file))).toBe(true);
  const loaded = files
    .filter((file) => /\.(html|css)$/.test(file))
    .flatMap((file) => {
      const text = readFileSync(join(site, file), "utf8");
      const addresses = text.matchAll(
        /<(?:script|img|iframe|source)\b[^>]*\bsrc="(https?:[^"]+)|<link\b[^>]*\bhref="(https?:[^"]+)|url\(["']?(https?:[^)]+)|@import ["'](https?:[^"']+)/g,
      );
      return [...addresses].map(([address]) => `${file}: ${address}`);
    });
  expect(loaded).toEqual([]);
});

it.each([
  ["docs/guides/deploy.md", "upgrade.md#back", "/docs/guides/upgrade.md#back"],
  ["docs/reference/README.md", "../../contracts/openapi.json", "/contracts/openapi.json"],
  ["README.md", "docs/reference/", "/docs/reference/README.md"],
  ["docs/guides/compare.md", "../../README.md", "/index.md"],
  ["packages/kit/README.md", "https://example.org", "https://example.org"],
  ["packages/console/README.md", "../client", undefined],
  ["README.md", "packages/server/src/app.ts", undefined],
])("on %s, %s leads to %s", (page, href, target) => {
  expect(resolveLink(root, page, href)).toBe(target);
});
