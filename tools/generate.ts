import { fileURLToPath } from "node:url";
import { compareFiles, writeFiles } from "./generators/generated-files.ts";
import { generateAll } from "./generators/outputs.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

/** Writes the contracts and the reference, or with `--check` names each file that is not as it would be written. */
async function main(): Promise<void> {
  const files = generateAll();
  if (!process.argv.includes("--check")) {
    for (const path of await writeFiles(root, files)) process.stdout.write(`wrote ${path}\n`);
    return;
  }
  const drifted = await compareFiles(root, files);
  for (const { path, why } of drifted)
    process.stderr.write(`${path}: ${why}; run \`node tools/generate.ts\`\n`);
  process.exitCode = drifted.length === 0 ? 0 : 1;
}

await main();
