import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createFakeHub, type FakeHub } from "../fakes/hub/fake-hub.ts";
import { seededContents } from "../fakes/hub/hub-contents.ts";
import { ask } from "./http.ts";
import { changePull, followPull, pullingConfig, startPull, whenFetched } from "./pull-calls.ts";
import { startPlatform } from "./start-platform.ts";

const mebibyte = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), "pulls-disk-"));
const dataDirectory = join(folder, "data");
const models = join(dataDirectory, "models");
mkdirSync(models, { recursive: true });
/** A small disk of its own, where this process may have one. */
const isMounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", models]).status === 0;

let hub: FakeHub;
beforeAll(async () => {
  hub = await createFakeHub([
    {
      id: "acme/sized-GGUF",
      files: {
        "fits-Q4_0.gguf": seededContents(12 * mebibyte, "fits"),
        "large-Q8_0.gguf": seededContents(23 * mebibyte, "large"),
      },
      library: "gguf",
    },
  ]);
});
afterAll(async () => {
  await hub.stop();
  if (isMounted) spawnSync("umount", [models]);
  rmSync(folder, { recursive: true });
});

/** Takes all that is free, also where the pull takes some of it meanwhile. */
function fillDisk(): void {
  const { bavail, bsize } = statfsSync(models);
  try {
    writeFileSync(join(models, "filler"), Buffer.alloc(bavail * bsize));
  } catch (error) {
    expect(error).toMatchObject({ code: "ENOSPC" });
  }
}

test.skipIf(!isMounted)(
  "a disk that fills up during a pull fails it, and with room it goes on with what there is (F12)",
  async () => {
    const platform = await startPlatform({ config: pullingConfig(hub), dataDirectory });
    const fromHub = (quantization: string) => ({
      kind: "huggingface",
      source: "acme/sized-GGUF",
      quantization,
    });
    const refused = await ask(platform, "/api/v1/pulls", { body: fromHub("Q8_0") });
    expect(refused.status, refused.text).toBe(507);

    hub.setBytesPerSecond(600_000);
    const id = await startPull(platform, fromHub("Q4_0"));
    await whenFetched(platform, id, 7 * mebibyte);
    fillDisk();
    hub.setBytesPerSecond(undefined);
    expect((await followPull(platform, id)).at(-1)).toMatchObject({
      phase: "failed",
      error: { code: "insufficient_storage", message: expect.stringContaining("still there") },
    });
    expect((await ask(platform, "/readyz")).status).toBe(200);

    rmSync(join(models, "filler"));
    const before = hub.requests.length;
    await changePull(platform, id, "resume");
    expect((await followPull(platform, id)).at(-1)).toMatchObject({
      phase: "done",
      models: ["local/fits-Q4_0"],
    });
    const since = hub.requests.slice(before).filter(({ server }) => server === "files");
    const sent = since.reduce((sum, { from, sentUntil }) => sum + sentUntil - from, 0);
    expect(sent).toBeLessThan(12 * mebibyte - mebibyte);
    await platform.stop();
  },
);
