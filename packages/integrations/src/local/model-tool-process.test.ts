import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runModelTool } from "./model-tool-process.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "llm-tool-"));
  await writeFile(join(folder, "a.bin"), "\u0080\u0002}.", "latin1");
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe("the process that reads model files", () => {
  const request = (): { readonly type: "inspect"; readonly path: string } => ({
    type: "inspect",
    path: folder,
  });

  it("answers", async () => {
    const end = await runModelTool(request(), { signal: new AbortController().signal, timeoutMs: 30_000 });
    expect(end).toMatchObject({ type: "verdict", verdict: { verdict: "suspicious", format: "pickle" } });
  });

  it("is killed when its time is over", async () => {
    const end = await runModelTool(request(), { signal: new AbortController().signal, timeoutMs: 1 });
    expect(end).toMatchObject({ type: "killed", reason: "time" });
  });

  it("is killed when nobody waits any more", async () => {
    const abort = new AbortController();
    const end = runModelTool(request(), { signal: abort.signal, timeoutMs: 30_000 });
    abort.abort();
    await expect(end).rejects.toMatchObject({ code: "client_cancelled" });
  });

  it("takes no path that would allow others", async () => {
    const limits = { signal: new AbortController().signal, timeoutMs: 30_000 };
    await expect(runModelTool({ type: "inspect", path: "/*" }, limits)).rejects.toMatchObject({
      code: "invalid_request",
    });
  });
});
