import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { families, type ModelFixture, readFixture } from "./model-folder.test-data.ts";

/** A Python with torch, transformers and sentencepiece. They take gigabytes: the fixtures are there for who has none. */
const python = process.env["PYTHON_WITH_TORCH"];

describe("the fixtures", () => {
  it.skipIf(python === undefined)(
    "hold what PyTorch computes (PYTHON_WITH_TORCH names a Python that has it)",
    async () => {
      const folder = await mkdtemp(join(tmpdir(), "llm-fixtures-"));
      const script = fileURLToPath(new URL("fixtures/make_fixtures.py", import.meta.url));
      execFileSync(python ?? "", [script, folder], { stdio: "pipe" });
      for (const family of families) {
        const made: ModelFixture = JSON.parse(await readFile(join(folder, `${family}.json`), "utf8"));
        const kept = readFixture<ModelFixture>(family);
        const differences = made.logits.map((value, index) => Math.abs(value - (kept.logits[index] ?? 0)));
        expect([family, Math.max(...differences) < 0.002]).toEqual([family, true]);
      }
      await rm(folder, { recursive: true });
    },
    600_000,
  );
});
