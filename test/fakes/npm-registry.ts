import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, realpath, rm, symlink } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** A registry of npm's: it has what is installed in this repository, and what is published to it. */
export type NpmRegistry = {
  readonly url: string;
  /** Environment with which npm asks it and nothing else, keeps its files in `home`, and may publish. */
  env(home: string): Readonly<Record<string, string>>;
  /** Names of the packages that were published to it. */
  readonly published: readonly string[];
  stop(): Promise<void>;
};

type Manifest = Readonly<Record<string, unknown>> & { readonly name: string; readonly version: string };
type Package = { readonly manifest: Manifest; readonly tarball: Buffer };
/** What `npm publish` sends, as far as it is looked at. */
type Publication = {
  readonly versions: Readonly<Record<string, Manifest>>;
  readonly _attachments: Readonly<Record<string, { readonly data: string }>>;
};

const root = fileURLToPath(new URL("../../", import.meta.url));
const run = promisify(execFile);

/** Starts it on a free port of the loopback. Packages are packed when they are asked for first. */
export async function startNpmRegistry(): Promise<NpmRegistry> {
  const packages = new Map<string, Promise<Package | undefined>>();
  const published: string[] = [];
  const find = (name: string) => {
    const found = packages.get(name) ?? packInstalled(name);
    packages.set(name, found);
    return found;
  };
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const [, name = "", file] = /^\/((?:@[^/]+\/)?[^/]+)(\/-\/.*)?$/.exec(pathOf(request)) ?? [];
    if (request.method === "PUT") {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- npm's own shape
      packages.set(name, Promise.resolve(readPublication((await json(request)) as Publication)));
      published.push(name);
      return void response.writeHead(201).end("{}");
    }
    const found = await find(name);
    if (found === undefined) return void response.writeHead(404).end("{}");
    if (file !== undefined) return void response.end(found.tarball);
    response.setHeader("content-type", "application/json").end(JSON.stringify(packument(found, url)));
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/`;
  return {
    url,
    published,
    env: (home) => ({
      HOME: home,
      npm_config_registry: url,
      [`npm_config_${url.slice("http:".length)}:_authToken`]: "a-token-of-this-test",
      npm_config_cache: join(home, ".npm"),
      npm_config_audit: "false",
      npm_config_fund: "false",
      npm_config_update_notifier: "false",
    }),
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function pathOf({ url = "" }: IncomingMessage): string {
  return decodeURIComponent(url).replace(/\?.*$/, "");
}

function readPublication({ versions, _attachments: attachments }: Publication): Package {
  const [manifest] = Object.values(versions);
  const [attachment] = Object.values(attachments);
  if (manifest === undefined || attachment === undefined) throw new Error("a package without a file");
  return { manifest, tarball: Buffer.from(attachment.data, "base64") };
}

function packument({ manifest, tarball }: Package, url: string): unknown {
  const { name, version } = manifest;
  const integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
  const dist = { tarball: `${url}${name}/-/${version}.tgz`, integrity };
  return { name, "dist-tags": { latest: version }, versions: { [version]: { ...manifest, dist } } };
}

/** The package as it lies in node_modules; one of the workspace as npm would publish it. */
async function packInstalled(name: string): Promise<Package | undefined> {
  const folder = await realpath(join(root, "node_modules", name)).catch(() => undefined);
  if (folder === undefined) return undefined;
  const place = await mkdtemp(join(tmpdir(), "npm-registry-"));
  try {
    if (folder.includes("node_modules")) {
      await symlink(folder, join(place, "package"));
      const flags = ["-chzf", "packed.tgz", "--exclude", "package/node_modules"];
      await run("tar", [...flags, "package"], { cwd: place });
    } else await run("npm", ["pack", "--silent", "--pack-destination", place], { cwd: folder });
    const file = (await readdir(place)).find((each) => each.endsWith(".tgz")) ?? "";
    const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    return { manifest, tarball: await readFile(join(place, file)) };
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}
