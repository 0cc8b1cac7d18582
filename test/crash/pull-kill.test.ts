import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { expect, test } from "vitest";
import { bytesSentTwice, followPull, pullingConfig, startPull, whenFetched } from "../e2e/pull-calls.ts";
import { startPlatform } from "../e2e/start-platform.ts";
import { createFakeHub } from "../fakes/hub/fake-hub.ts";
import { seededContents } from "../fakes/hub/hub-contents.ts";

const mebibyte = 1024 * 1024;
const sizeBytes = Number(process.env["PULL_KILL_BYTES"] ?? 64 * mebibyte);
const kills = 3;
const connections = 4;
/** What is noted as one: of each connection the last may come again. */
const chunkBytes = mebibyte;
/** Each connection at its own pace: the whole takes some seconds. */
const bytesPerSecond = Math.min(sizeBytes / 32, 8 * mebibyte);
/** What the hub had sent and the system held when the process died: of a tenth of a second at most, or its smallest buffer. */
const heldBytes = Math.max(128 * 1024, bytesPerSecond / 10);
const id = "acme/big-GGUF";
const name = "big-Q8_0.gguf";

test(`a pull of ${Math.round(sizeBytes / mebibyte)} MiB whose server is killed three times is whole, and no byte comes twice beyond the last chunk (F14)`, async () => {
  const contents = seededContents(sizeBytes, "killed");
  const hub = await createFakeHub([{ id, files: { [name]: contents }, library: "gguf" }]);
  const dataDirectory = join(mkdtempSync(join(tmpdir(), "pull-kill-")), "data");
  const options = { config: pullingConfig(hub, { connections }), dataDirectory };
  const final = join(dataDirectory, "models", name);
  hub.setBytesPerSecond(bytesPerSecond);
  let platform = await startPlatform(options);
  const pull = await startPull(platform, { kind: "huggingface", source: id, quantization: "Q8_0" });
  for (let kill = 1; kill <= kills; kill++) {
    await whenFetched(platform, pull, (sizeBytes * kill) / (kills + 1));
    platform.kill("SIGKILL");
    await platform.exit;
    expect(existsSync(final)).toBe(false);
    platform = await startPlatform(options);
  }
  hub.setBytesPerSecond(undefined);
  const states = await followPull(platform, pull);
  expect(states.at(-1)).toMatchObject({ phase: "done", completed_bytes: sizeBytes });
  const hash = createHash("sha256");
  await pipeline(createReadStream(final), hash);
  expect(hash.digest("hex")).toBe(contents.sha256);
  const twice = bytesSentTwice(hub, name);
  console.log(`${twice} of ${sizeBytes} bytes were sent twice by the hub, after ${kills} kills`);
  expect(twice).toBeLessThanOrEqual(kills * connections * (chunkBytes + heldBytes));
  await platform.stop();
  await hub.stop();
  rmSync(join(dataDirectory, ".."), { recursive: true, force: true });
}, 300_000);
