import { describe, expect, it } from "vitest";
import { fuzzRequests } from "./request-run.ts";

/** How long streams are made up. The long form is `node test/fuzz/fuzz.ts --side request`. */
const seconds = Number(process.env["FUZZ_SECONDS"] ?? 20);

describe("the fast lane beside node:http", () => {
  it(
    "reads every stream of bytes as the same requests",
    async () => {
      const report = await fuzzRequests({ seconds, seed: 1 });
      expect(report.findings).toEqual([]);
      // Without these the run would have shown nothing.
      expect(report.inputs).toBeGreaterThan(20 * seconds);
      expect(report.counts["fastRequests"]).toBeGreaterThan(report.inputs / 4);
    },
    seconds * 1_000 + 60_000,
  );
});
