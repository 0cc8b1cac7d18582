import { defineConfig } from "vitest/config";

/** Unit tests beside the code, and tests of the built server under test/. Two cores are the smallest machine. */
export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    include: ["packages/*/src/**/*.test.ts", "test/**/*.test.ts", "tools/**/*.test.ts", "bench/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    reporters: ["default", "./tools/plain-reporter.ts"],
  },
});
