import { existsSync } from "node:fs";
import { cp, mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

/**
 * `node tools/image-tree.ts FOLDER`: puts into the folder what a built server needs to run, and nothing else. The
 * Dockerfile copies it into its last stage.
 */
const root = fileURLToPath(new URL("../", import.meta.url));

/** What the bundle does not hold; see `bundle.ts`. */
const outsideTheBundle = ["@llm-platform/kit", "node-llama-cpp"];

const copied = [
  "LICENSE",
  "models/demo/LICENSE",
  "models/demo/demo-chat.gguf",
  "models/demo/demo-embed.gguf",
  "packages/server/bundle",
  "packages/server/package.json",
];

const manifestSchema = z.object({
  dependencies: z.record(z.string(), z.string()).default({}),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
});

async function main(target: string | undefined): Promise<void> {
  if (target === undefined) {
    process.stderr.write("image-tree: name the folder that the tree is to be put into\n");
    process.exitCode = 2;
    return;
  }
  for (const path of [...copied, ...(await closure(outsideTheBundle))]) {
    await mkdir(dirname(join(target, path)), { recursive: true });
    await cp(join(root, path), join(target, path), {
      recursive: true,
      dereference: true,
      filter: (from) => !/\/bundle\/\.compile-cache$|\/kit\/(?:src|dist\/\.tsbuildinfo)$/.test(from),
    });
  }
}

/** The folders of packages and of all that they depend on, from the root of the repository. */
async function closure(names: readonly string[]): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const waiting = names.map((name) => ({ name, from: "" }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { name, from } = next;
    const folder = findPackage(name, from);
    if (folder === undefined || found.has(folder) || isOfAnotherMachine(name)) continue;
    found.add(folder);
    const manifest = manifestSchema.parse(
      JSON.parse(await readFile(join(root, folder, "package.json"), "utf8")),
    );
    for (const dependency of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }))
      waiting.push({ name: dependency, from: folder });
  }
  return found;
}

/** Where Node would find a package from a folder; undefined where an optional one was not installed. */
function findPackage(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = join(folder, "node_modules", name);
    if (existsSync(join(root, path, "package.json"))) return path;
    if (folder === "" || folder === ".") return undefined;
  }
}

function isOfAnotherMachine(name: string): boolean {
  const prefix = "@node-llama-cpp/";
  return name.startsWith(prefix) && !name.startsWith(`${prefix}${process.platform}-${process.arch}`);
}

await main(process.argv[2]);
