import { defineConfig } from "vitest/config";

/** Needs a program that takes longer to build than all tests to run: `CONTRIBUTING.md` says how. */
const byHand =
  process.env["KUBE_APISERVER"] === undefined ? ["test/integrations/kubernetes-real.test.ts"] : [];

/** Unit tests beside the code, and tests of the built server under test/. Two cores are the smallest machine. */
export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    include: ["packages/*/src/**/*.test.ts", "test/**/*.test.ts", "tools/**/*.test.ts", "bench/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**", ...byHand],
    reporters: ["default", "./tools/plain-reporter.ts"],
  },
});
