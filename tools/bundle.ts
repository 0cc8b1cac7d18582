import { existsSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { rolldown } from "rolldown";

/** Programs of the server by the name under which they look for each other, and the module that each is made of. */
const programs = {
  main: "packages/server/dist/main.js",
  "worker-main": "packages/server/dist/workers/worker-main.js",
  guest: "packages/server/dist/manager/isolated/guest.js",
  "backup-worker": "packages/server/dist/store/backup/backup-worker.js",
  "checkpoint-worker": "packages/server/dist/store/checkpoint-worker.js",
  "transfer-worker": "packages/server/dist/transfer-worker.js",
  "hash-worker": "packages/server/dist/pulls/hash-worker.js",
  "engine/main": "packages/integrations/dist/local/engine/main.js",
  "model-tool/main": "packages/integrations/dist/local/model-tool/main.js",
};

/** What a bundle is made of, besides what these say of all modules that tsc has written. */
const sources = [
  "packages/kit/dist/.tsbuildinfo",
  "packages/integrations/dist/.tsbuildinfo",
  "packages/server/dist/.tsbuildinfo",
  "package-lock.json",
  "tools/bundle.ts",
];

const folder = "packages/server/bundle";

/**
 * Globals of Node that are accessors: each use runs a getter, and every call of a model uses them a dozen times. Imported
 * they are variables.
 */
const importedGlobals: Record<string, [module: string, name: string]> = {
  Buffer: ["node:buffer", "Buffer"],
  performance: ["node:perf_hooks", "performance"],
};

/**
 * Joins what tsc has written, and the dependencies, to a few files: Node takes most of a start for finding and reading
 * more than a thousand modules. Does nothing while the files are newer than what they are made of.
 *
 * The kit stays outside, since guest packages load it too and errors are known by their class; so does llama.cpp's
 * binding, which is optional and finds its binaries by its own place.
 * @param root folder of the checkout
 */
export async function writeBundle(root: string): Promise<void> {
  const written = join(root, folder, "main.js");
  if (
    isNewer(
      written,
      sources.map((path) => join(root, path)),
    )
  )
    return;
  await rm(join(root, folder), { recursive: true, force: true });
  const bundle = await rolldown({
    cwd: root,
    input: Object.fromEntries(Object.entries(programs).map(([name, path]) => [name, join(root, path)])),
    platform: "node",
    external: [/^@llm-platform\/kit$/, /^node-llama-cpp$/],
    transform: { inject: importedGlobals },
  });
  try {
    await bundle.write({ dir: join(root, folder), format: "esm" });
  } finally {
    await bundle.close();
  }
}

/** Whether a file is there and as new as all of the others. */
export function isNewer(path: string, others: readonly string[]): boolean {
  if (!existsSync(path)) return false;
  const { mtimeMs } = statSync(path);
  return others.every((other) => statSync(other).mtimeMs <= mtimeMs);
}
