import { defineConfig } from "vitest/config";
import { partOf } from "./parts.ts";

/** The unit tests of the part that is mutated. Those that compare two readers of HTTP are long, and look at neither alone. */
export default defineConfig({
  test: {
    testTimeout: 120_000,
    include: partOf(process.env["MUTATION_PART"]).tests,
    exclude: ["**/response-differential.test.ts"],
  },
});
