import type { Reporter, TestModule } from "vitest/node";
import { missingServices } from "./services.ts";

/** Prints the services that were not found, and as the very last line how many tests passed. */
export default class PlainReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0 };
    for (const module of modules) {
      if (
        module.state() === "failed" &&
        [...module.children.allTests()].every((test) => test.result().state !== "failed")
      )
        counts.failed++;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === "passed") counts.passed++;
        else if (state === "failed") counts.failed++;
        else counts.skipped++;
      }
    }
    for (const service of missingServices())
      process.stdout.write(`not found on this machine: ${service}; its tests are skipped\n`);
    const skipped = counts.skipped === 0 ? "" : `, ${counts.skipped} skipped`;
    process.on("exit", () =>
      process.stdout.write(`${counts.passed} passed, ${counts.failed} failed${skipped}\n`),
    );
  }
}
