import { defineConfig } from "vitest/config";
import { partOf } from "./parts.ts";

/**
 * The unit tests of the part that is mutated, without those that open connections or compare two readers of HTTP: they
 * take seconds, for each change of a parser that they come past.
 */
export default defineConfig({
  test: {
    testTimeout: 120_000,
    include: partOf(process.env["MUTATION_PART"]).tests,
    exclude: [
      "**/{adopt-socket,client-connection,http2-connection,tunnel,upstream-pool,upstream-tls}.test.ts",
      "**/response-differential.test.ts",
    ],
  },
});
