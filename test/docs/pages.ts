import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

export type Page = { readonly name: string; readonly text: string };

function namesIn(folder: string): readonly string[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `${folder}/${name}`);
}

/** Every page that tells somebody what to type. */
export const pages: readonly Page[] = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  ...namesIn("docs/guides"),
  ...namesIn("docs/runbooks"),
  "helm-chart/README.md",
  "examples/integration-minimal/README.md",
  "packages/kit/README.md",
  "models/demo/README.md",
].map((name) => ({ name, text: readFileSync(join(root, name), "utf8") }));

/** @throws Error for a page that there is not */
export function pageOf(name: string): Page {
  const found = pages.find((page) => page.name === name);
  if (found === undefined) throw new Error(`there is no page ${name}`);
  return found;
}
