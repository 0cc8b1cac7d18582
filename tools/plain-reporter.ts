import type { Reporter, TestModule } from "vitest/node";
import { areServicesRequired, missingServices } from "./services.ts";

/** Prints the services that were not found, and as the very last line how many tests passed. */
export default class PlainReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const states = modules.flatMap((module) =>
      [...module.children.allTests()].map((test) => test.result().state),
    );
    const count = (state: string) => states.filter((each) => each === state).length;
    const passed = count("passed");
    // A file that broke before its tests were known is one failure, and so is an error outside of every test.
    const failed = count("failed") + modules.filter(isBroken).length + errors.length;
    const skipped = states.length - passed - count("failed");
    for (const service of missingServices())
      process.stdout.write(
        `not found on this machine: ${service}; its tests ${areServicesRequired() ? "fail" : "are skipped"}\n`,
      );
    process.on("exit", () => {
      if (failed > 0 || passed === 0) process.exitCode = 1;
      process.stdout.write(
        `${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}\n`,
      );
    });
  }
}

function isBroken(module: TestModule): boolean {
  return (
    module.state() === "failed" &&
    [...module.children.allTests()].every((test) => test.result().state !== "failed")
  );
}
