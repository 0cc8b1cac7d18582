import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { build } from "vite";
import { isNewer } from "./bundle.ts";

/** Where the server looks for it: beside its own bundle. */
const folder = "packages/server/bundle/console";

/** Smaller files are not worth a second one. */
const leastBytes = 1_000;
const brotli = promisify(brotliCompress);
const deflate = promisify(gzip);

/**
 * Joins the console to a page and hashed files, with copies that are compressed already. Does nothing while they are newer
 * than what they are made of.
 * @param root folder of the checkout
 */
export async function writeConsole(root: string): Promise<void> {
  const sources = await listFiles(join(root, "packages/console"));
  const others = ["packages/client/dist/.tsbuildinfo", "package-lock.json", "tools/console-bundle.ts"];
  const written = join(root, folder, "index.html");
  if (isNewer(written, [...sources, ...others.map((path) => join(root, path))])) return;
  await rm(join(root, folder), { recursive: true, force: true });
  await build({
    configFile: false,
    root: join(root, "packages/console"),
    base: "/console/",
    logLevel: "error",
    build: {
      outDir: join(root, folder),
      emptyOutDir: true,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
    },
  });
  for (const path of await listFiles(join(root, folder))) await compress(path);
}

async function compress(path: string): Promise<void> {
  const bytes = await readFile(path);
  if (bytes.length < leastBytes) return;
  await writeFile(
    `${path}.br`,
    await brotli(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } }),
  );
  await writeFile(`${path}.gz`, await deflate(bytes, { level: constants.Z_BEST_COMPRESSION }));
}

async function listFiles(from: string): Promise<readonly string[]> {
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/\/(node_modules|dist)\//.test(path));
}
