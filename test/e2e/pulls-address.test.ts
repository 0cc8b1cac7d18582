import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFakeHub, type FakeHub } from "../fakes/hub/fake-hub.ts";
import { seededContents } from "../fakes/hub/hub-contents.ts";
import { ask } from "./http.ts";
import { as, createUser, rootKey, withRoot } from "./identity-calls.ts";
import { followPull, hubIntegration, pullToRest, startPull, whenFetched } from "./pull-calls.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

const mebibyte = 1024 * 1024;
const contents = seededContents(5 * mebibyte + 9, "by address");

let hub: FakeHub;
let redirecting: Server;
let redirectOrigin = "";
let redirectTo = "";
let folder: string;
let platform: Platform;

beforeAll(async () => {
  hub = await createFakeHub([
    { id: "acme/plain", files: { "plain.gguf": contents, "other.gguf": contents } },
  ]);
  redirecting = createServer(
    (_request, response) => void response.writeHead(302, { location: redirectTo }).end(),
  );
  await new Promise<void>((resolve) => redirecting.listen(0, "127.0.0.1", resolve));
  const address = redirecting.address();
  redirectOrigin = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  folder = mkdtempSync(join(tmpdir(), "pulls-file-"));
  mkdirSync(join(folder, "allowed"));
  writeFileSync(join(folder, "allowed", "mine.gguf"), contents.read(0, 1000));
  writeFileSync(join(folder, "secret.gguf"), contents.read(0, 1000));
  symlinkSync(join(folder, "secret.gguf"), join(folder, "allowed", "link.gguf"));
  platform = await startPlatform({ config: config("any") });
});
afterAll(async () => {
  await platform.stop();
  await hub.stop();
  redirecting.closeAllConnections();
  redirecting.close();
  rmSync(folder, { recursive: true });
});

function config(network: string) {
  return {
    integrations: [hubIntegration(hub), { name: "local", settings: {} }],
    pulls: { reserve_bytes: 0, url_network: network, file_directories: [join(folder, "allowed")] },
  };
}

const fileUrl = (name: string) => `${hub.filesOrigin}/files/acme%2Fplain/${name}`;
const byUrl = (source: string, more: Readonly<Record<string, unknown>> = {}) => ({
  kind: "url",
  source,
  ...more,
});
const byPath = (source: string) => ({ kind: "file", source });
const digestOf = (name: string) =>
  createHash("sha256")
    .update(readFileSync(join(platform.dataDirectory, "models", name)))
    .digest("hex");

describe("a pull from an address", () => {
  test("fetches the file, by parts, under the name of its address", async () => {
    expect(await pullToRest(platform, byUrl(fileUrl("plain.gguf")))).toMatchObject({
      phase: "done",
      models: ["local/plain"],
      files: [{ sha256: contents.sha256, total_bytes: contents.sizeBytes }],
    });
    expect(digestOf("plain.gguf")).toBe(contents.sha256);
  });

  test("fetches it anew when its ETag changes on the way, and says so", async () => {
    hub.alter("acme/plain", "other.gguf", seededContents(5 * mebibyte, "before"));
    hub.setBytesPerSecond(400_000);
    const id = await startPull(platform, byUrl(fileUrl("other.gguf"), { name: "changed" }));
    await whenFetched(platform, id, 400_000);
    const states = followPull(platform, id);
    const after = seededContents(5 * mebibyte, "after");
    hub.alter("acme/plain", "other.gguf", after);
    hub.setBytesPerSecond(undefined);
    hub.fault(...Array.from({ length: 4 }, () => ({ kind: "cut", afterBytes: 1 }) as const));
    const all = await states;
    expect(all.at(-1)).toMatchObject({ phase: "done", detail: expect.stringContaining("is fetched anew") });
    expect(digestOf("changed.gguf")).toBe(after.sha256);
  }, 60_000);

  test("takes a whole file from a server that knows no parts", async () => {
    hub.alter("acme/plain", "other.gguf", contents);
    hub.fault(...Array.from({ length: 9 }, () => ({ kind: "no-parts" }) as const));
    expect(await pullToRest(platform, byUrl(fileUrl("other.gguf"), { name: "whole" }))).toMatchObject({
      phase: "done",
    });
    expect(digestOf("whole.gguf")).toBe(contents.sha256);
  });

  test("takes nothing that is not what was expected", async () => {
    const wrong = byUrl(fileUrl("plain.gguf"), { name: "expected", sha256: "0".repeat(64) });
    expect(await pullToRest(platform, wrong)).toMatchObject({
      phase: "failed",
      error: { code: "upstream_malformed" },
    });
  });

  test.each([
    "http://169.254.169.254/latest/meta-data/x.gguf",
    "http://[::ffff:169.254.169.254]/x.gguf",
    "http://0.0.0.0:1/x.gguf",
  ])("asks nothing of %s (N01)", async (source) => {
    const answer = await ask(platform, "/api/v1/pulls", { body: byUrl(source) });
    expect([400, 403, 502], answer.text).toContain(answer.status);
  });

  test.each(["file:///etc/passwd", "gopher://x/y.gguf", "http://user:pass@127.0.0.1/x.gguf", "x.gguf"])(
    "refuses %s (N07)",
    async (source) => {
      const answer = await ask(platform, "/api/v1/pulls", { body: byUrl(source) });
      expect(answer.status, answer.text).toBe(400);
    },
  );

  test("does not follow to where clouds keep credentials (N04)", async () => {
    redirectTo = "http://169.254.169.254/x.gguf";
    const answer = await ask(platform, "/api/v1/pulls", { body: byUrl(`${redirectOrigin}/x.gguf`) });
    expect([403, 502], answer.text).toContain(answer.status);
  });

  test("follows to another server that may be reached", async () => {
    redirectTo = fileUrl("plain.gguf");
    const done = await pullToRest(platform, byUrl(`${redirectOrigin}/moved.gguf`));
    expect(done).toMatchObject({ phase: "done", models: ["local/moved"] });
  });

  test("reaches no private network unless the settings say so", async () => {
    const careful = await startPlatform({ config: config("public") });
    const answer = await ask(careful, "/api/v1/pulls", { body: byUrl(fileUrl("plain.gguf")) });
    expect(answer.status, answer.text).toBe(403);
    await careful.stop();
  });
});

describe("a pull of a file of the server's machine", () => {
  test("takes it over from an allowed folder", async () => {
    const done = await pullToRest(platform, byPath(join(folder, "allowed", "mine.gguf")));
    expect(done).toMatchObject({ phase: "done", models: ["local/mine"], completed_bytes: 1000 });
  });

  test("says the same of what is not allowed and of what is not there (F01)", async () => {
    const texts = new Set<string>();
    for (const path of [
      join(folder, "secret.gguf"),
      join(folder, "missing.gguf"),
      join(folder, "allowed", "..", "secret.gguf"),
      join(folder, "allowed", "link.gguf"),
      join(folder, "allowed"),
      "/etc/passwd",
      "relative.gguf",
      `${folder}/allowed/a\u0000.gguf`,
    ]) {
      const answer = await ask(platform, "/api/v1/pulls", { body: byPath(path) });
      expect(answer.status, `${path} ${answer.text}`).toBe(400);
      texts.add(String(Reflect.get(Object(answer.json), "detail")));
    }
    expect(texts.size).toBe(1);
  });
});

test("who may pull models may not bring them from addresses and paths, unless an admin", async () => {
  const guarded = await startPlatform({ config: { ...config("any"), ...withRoot } });
  await createUser(guarded, rootKey, { name: "ada", role: "admin" });
  const { key: operator } = await createUser(guarded, rootKey, {
    name: "ona",
    role: "operator",
    with_key: true,
  });
  const pull = (key: string | null, body: object) => as(guarded, key ?? undefined)("/api/v1/pulls", { body });
  for (const body of [byUrl(fileUrl("plain.gguf")), byPath(join(folder, "allowed", "mine.gguf"))]) {
    const refused = await pull(operator, body);
    expect(refused.status, refused.text).toBe(403);
    expect(refused.text).toContain("models.import");
    expect((await pull(rootKey, body)).status).toBe(200);
  }
  await guarded.stop();
});
