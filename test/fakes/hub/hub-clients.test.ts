import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { downloadFile, listFiles, listModels, modelInfo } from "@huggingface/hub";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findService } from "../../../tools/services.ts";
import { createFakeHub, type FakeHub, hubToken } from "./fake-hub.ts";
import { givenContents, seededContents } from "./hub-contents.ts";

const weights = seededContents(3 * 1024 * 1024 + 11, "clients");
const readme = Buffer.from("# hello");
let hub: FakeHub;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hub-clients-"));
  hub = await createFakeHub([
    {
      id: "acme/tiny-GGUF",
      files: { "tiny-Q4_0.gguf": weights, "README.md": givenContents(readme) },
      library: "gguf",
      tags: ["gguf"],
      task: "text-generation",
      downloads: 5,
    },
    { id: "acme/gated", files: { "x-Q4_0.gguf": weights }, gated: "manual" },
  ]);
});
afterAll(async () => {
  await hub.stop();
  rmSync(folder, { recursive: true });
});

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe("the Hub's own client for JavaScript", () => {
  const at = () => ({ hubUrl: hub.origin });

  test("lists models and files, and reads about one", async () => {
    const models = await collect(listModels({ ...at(), search: { query: "tiny" } }));
    expect(models.map((model) => Reflect.get(Object(model), "name"))).toEqual(["acme/tiny-GGUF"]);
    const files = await collect(listFiles({ ...at(), repo: "acme/tiny-GGUF", recursive: true }));
    expect(files).toMatchObject([{ path: "tiny-Q4_0.gguf", size: weights.sizeBytes }, { path: "README.md" }]);
    expect(await modelInfo({ ...at(), name: "acme/tiny-GGUF" })).toMatchObject({
      name: "acme/tiny-GGUF",
      gated: false,
    });
  });

  test("downloads what is in Git and what is in LFS", async () => {
    for (const [path, digest] of [
      ["README.md", sha256(readme)],
      ["tiny-Q4_0.gguf", weights.sha256],
    ] as const) {
      const blob = await downloadFile({ ...at(), repo: "acme/tiny-GGUF", path });
      expect(sha256(new Uint8Array((await blob?.arrayBuffer()) ?? new ArrayBuffer()))).toBe(digest);
    }
  });

  test("is refused what is gated, and given it with a token", async () => {
    const gated = { ...at(), repo: "acme/gated", path: "x-Q4_0.gguf" };
    await expect(downloadFile(gated)).rejects.toThrow(/restricted/);
    expect((await downloadFile({ ...gated, accessToken: hubToken }))?.size).toBe(weights.sizeBytes);
  });
});

const program = `
import hashlib, json, sys
from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError
api = HfApi()
def refused(error, repo):
    try:
        hf_hub_download(repo, "x-Q4_0.gguf", cache_dir=sys.argv[1])
    except error:
        return True
    return False
path = hf_hub_download("acme/tiny-GGUF", "tiny-Q4_0.gguf", cache_dir=sys.argv[1])
print(json.dumps({
    "models": [model.id for model in api.list_models(search="tiny")],
    "info": api.model_info("acme/tiny-GGUF").sha,
    "files": sorted(entry.path for entry in api.list_repo_tree("acme/tiny-GGUF", recursive=True)),
    "sha256": hashlib.sha256(open(path, "rb").read()).hexdigest(),
    "readme": open(hf_hub_download("acme/tiny-GGUF", "README.md", cache_dir=sys.argv[1])).read(),
    "gated": refused(GatedRepoError, "acme/gated"),
    "missing": refused(RepositoryNotFoundError, "acme/none"),
}))
`;
const python = findService("huggingface_hub");

test.skipIf(python === undefined)(
  "the Hub's own client for Python lists, reads and downloads",
  async () => {
    const child = spawn(python ?? "", ["-c", program, folder], {
      env: { HF_ENDPOINT: hub.origin, HOME: folder, HF_HUB_DISABLE_TELEMETRY: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "close"),
    ]);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      models: ["acme/tiny-GGUF"],
      info: expect.stringMatching(/^[0-9a-f]{40}$/),
      files: ["README.md", "tiny-Q4_0.gguf"],
      sha256: weights.sha256,
      readme: "# hello",
      gated: true,
      missing: true,
    });
  },
  60_000,
);

async function collect<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}
