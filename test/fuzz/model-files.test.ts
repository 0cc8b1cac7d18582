import { describe, expect, it } from "vitest";
import { fuzzModelFiles } from "./model-file-run.ts";

/** How long files are damaged. The long form is `node test/fuzz/fuzz.ts --side model-files`. */
const seconds = Math.min(20, Number(process.env["FUZZ_SECONDS"] ?? 5));

describe("the readers of model files", () => {
  it(
    "give a verdict on whatever bytes, soon",
    async () => {
      const report = await fuzzModelFiles({ seconds, seed: 1 });
      expect(report.findings).toEqual([]);
      // Without these the run would have shown nothing.
      for (const outcome of ["gguf refused", "safetensors refused", "pytorch suspicious", "pickle refused"])
        expect(report.counts[outcome] ?? 0).toBeGreaterThan(10);
    },
    seconds * 1_000 + 60_000,
  );
});
