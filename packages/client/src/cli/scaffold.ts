import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ClientError } from "../client-error.ts";

/** Licences that a new package may have; `none` grants nobody anything. */
export const licenses = ["MIT", "Apache-2.0", "none"] as const;

export interface ScaffoldInput {
  /** Of the integration: lower case with single hyphens. */
  readonly name: string;
  /** Where it is made; nothing may be there yet. */
  readonly folder: string;
  readonly license: (typeof licenses)[number];
  /** Whom a licence names. */
  readonly holder: string;
  readonly year: number;
  /** What npm installs as the kit, for building and testing. Default: the version of this program. */
  readonly kit: string | undefined;
}

const templates = fileURLToPath(new URL("../../templates/", import.meta.url));
const manifest = new URL("../../package.json", import.meta.url);

/**
 * Writes a new integration: a package that passes its own tests.
 * @returns the files, as paths from the folder
 * @throws ClientError `failed` when something is at the folder already or it cannot be written; then nothing is left
 */
export async function scaffoldIntegration(input: ScaffoldInput): Promise<readonly string[]> {
  const files = await renderFiles(input);
  await makeFolder(input.folder);
  try {
    for (const [path, content] of files) {
      const file = join(input.folder, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
    }
  } catch (error) {
    await rm(input.folder, { recursive: true, force: true });
    throw toReason(error, input.folder);
  }
  return [...files.keys()].sort();
}

async function renderFiles({
  name,
  license,
  holder,
  year,
  kit,
}: ScaffoldInput): Promise<ReadonlyMap<string, string>> {
  const { version } = JSON.parse(await readFile(manifest, "utf8"));
  const words: readonly (readonly [from: string, to: string])[] = [
    ["integration-name", name],
    ["integration_name", name.replaceAll("-", "_")],
    ["INTEGRATION_NAME", name.replaceAll("-", "_").toUpperCase()],
    ["kit-version", `^${version}`],
    ["kit-package", kit ?? `^${version}`],
    ["license-name", license === "none" ? "UNLICENSED" : license],
    ["copyright-year", String(year)],
    ["copyright-holder", holder],
  ];
  const render = async (file: string) =>
    words.reduce((text, [from, to]) => text.replaceAll(from, () => to), await readFile(file, "utf8"));
  const source = join(templates, "integration");
  const entries = await readdir(source, { recursive: true, withFileTypes: true });
  const files = new Map<string, string>();
  for (const entry of entries.filter((each) => each.isFile())) {
    const path = relative(source, join(entry.parentPath, entry.name));
    // npm packs no file that is called .gitignore.
    files.set(path === "gitignore" ? ".gitignore" : path, await render(join(source, path)));
  }
  if (license !== "none") files.set("LICENSE", await render(join(templates, "licenses", `${license}.txt`)));
  return files;
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    throw toReason(error, folder);
  }
}

/** What a file system said, with what to do about it. */
function toReason(error: unknown, folder: string): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const reason = reasons[code];
  return reason === undefined ? error : new ClientError("failed", reason(folder), { code, cause: error });
}

const refused = (folder: string) =>
  `${folder} cannot be made: you may not write to ${dirname(folder)}. Go to a folder of your own, or name one with --directory.`;
const reasons: Readonly<Record<string, (folder: string) => string>> = {
  EEXIST: (folder) => `${folder} is there already. Choose another name, or another folder with --directory.`,
  EACCES: refused,
  EPERM: refused,
  EROFS: refused,
  ENOENT: (folder) => `${folder} cannot be made: there is no folder ${dirname(folder)}. Make it first.`,
  ENOTDIR: (folder) => `${folder} cannot be made: ${dirname(folder)} is no folder.`,
  ENOSPC: (folder) => `${folder} cannot be written: the disk is full. Free some room and try again.`,
};
