import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Certificate, makeCertificate } from "../../packages/server/src/wire/certificate.test-data.ts";
import { createFakeHub, type FakeHub } from "../fakes/hub/fake-hub.ts";
import { seededContents } from "../fakes/hub/hub-contents.ts";
import { sendContents, wantedRange } from "../fakes/hub/send-contents.ts";
import { ask } from "./http.ts";
import { followPull, pullingConfig, pullToRest, startPull, whenFetched } from "./pull-calls.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

const mebibyte = 1024 * 1024;
const contents = seededContents(12 * mebibyte, "by a thread");
const preload = fileURLToPath(new URL("../fakes/ending-transfers.mjs", import.meta.url));
const authority = makeCertificate({ subject: "authority" });
const secureServers: Server[] = [];

let folder: string;
let order: string;
let hub: FakeHub;
let platform: Platform;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pulls-thread-"));
  order = join(folder, "end");
  const authorities = join(folder, "authority.crt");
  writeFileSync(authorities, authority.cert);
  hub = await createFakeHub([{ id: "acme/plain", files: { "plain.gguf": contents } }]);
  platform = await startPlatform({
    config: { ...pullingConfig(hub), pulls: { reserve_bytes: 0, url_network: "any" } },
    nodeFlags: ["--import", preload],
    env: { END_TRANSFERS: order, NODE_EXTRA_CA_CERTS: authorities },
  });
});
afterAll(async () => {
  await platform.stop();
  await hub.stop();
  for (const server of secureServers) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(folder, { recursive: true });
});

const byUrl = (origin: string, name: string) => ({
  kind: "url",
  source: `${origin}/files/acme%2Fplain/plain.gguf`,
  name,
});
const digestOf = (name: string) =>
  createHash("sha256")
    .update(readFileSync(join(platform.dataDirectory, "models", `${name}.gguf`)))
    .digest("hex");

/** Has the thread that receives files end with its next write, or the one that hashes them with the next file. */
function endTransfers(how: "throw" | "exit" | "hashing"): void {
  writeFileSync(`${order}.new`, how);
  renameSync(`${order}.new`, order);
}

/** A server of the file, with TLS. */
async function serveSecurely({ cert, key }: Certificate): Promise<string> {
  const server = createServer({ cert, key }, (request, response) => {
    const { from } = wantedRange(request, contents.sizeBytes) ?? { from: 0 };
    void sendContents(request, response, {
      contents,
      etag: `"${contents.sha256}"`,
      fault: undefined,
      entry: {
        server: "files",
        method: "GET",
        path: "",
        authorization: undefined,
        ifNoneMatch: undefined,
        from,
        sentUntil: from,
        status: 200,
      },
      bytesPerSecond: undefined,
    });
  });
  secureServers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return `https://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}

test.each(["throw", "exit"] as const)(
  "a pull whose thread ends (%s) goes on with another one, and its file is whole",
  async (how) => {
    hub.setBytesPerSecond(mebibyte / 4);
    const id = await startPull(platform, byUrl(hub.filesOrigin, `ends-${how}`));
    await whenFetched(platform, id, mebibyte);
    // What is being sent goes on as slowly as before.
    hub.setBytesPerSecond(undefined);
    endTransfers(how);
    const reason = how === "throw" ? "Error: the thread was told to end" : "none";
    await platform.logLine(new RegExp(`"reason":"${reason}","event":"pull.thread_ended"`));
    expect((await followPull(platform, id)).at(-1)).toMatchObject({
      phase: "done",
      files: [{ sha256: contents.sha256 }],
    });
    expect(digestOf(`ends-${how}`)).toBe(contents.sha256);
    expect((await ask(platform, "/readyz")).status).toBe(200);
    expect(await pullToRest(platform, byUrl(hub.filesOrigin, `after-${how}`))).toMatchObject({
      phase: "done",
    });
  },
  60_000,
);

test("a pull whose hashing ends with its thread fails, which is logged, and the next one is whole", async () => {
  hub.setBytesPerSecond(undefined);
  endTransfers("hashing");
  expect(await pullToRest(platform, byUrl(hub.filesOrigin, "unhashed"))).toMatchObject({ phase: "failed" });
  await platform.logLine(/"exit_code":7,"reason":"none","event":"pull.hash_thread_ended"/);
  expect(await pullToRest(platform, byUrl(hub.filesOrigin, "hashed"))).toMatchObject({ phase: "done" });
  expect(digestOf("hashed")).toBe(contents.sha256);
});

test("a file comes over TLS from a server whose authority the machine names", async () => {
  const origin = await serveSecurely(makeCertificate({ subject: "files", issuer: authority }));
  expect(await pullToRest(platform, byUrl(origin, "secure"))).toMatchObject({ phase: "done" });
  expect(digestOf("secure")).toBe(contents.sha256);
});

test("nothing comes over TLS from a server that nobody vouches for", async () => {
  const origin = await serveSecurely(
    makeCertificate({ subject: "files", issuer: makeCertificate({ subject: "authority" }) }),
  );
  const answer = await ask(platform, "/api/v1/pulls", { body: byUrl(origin, "stranger") });
  expect(answer.status, answer.text).toBe(502);
});

test("a server that is stopped while it pulls ends in time", async () => {
  const stopping = await startPlatform({
    config: { ...pullingConfig(hub), pulls: { reserve_bytes: 0, url_network: "any" } },
  });
  hub.setBytesPerSecond(mebibyte / 8);
  const id = await startPull(stopping, byUrl(hub.filesOrigin, "stopped"));
  await whenFetched(stopping, id, mebibyte);
  expect(await stopping.stop()).toBe(0);
  hub.setBytesPerSecond(undefined);
}, 60_000);
