import { PlatformError, toPlatformError } from "@llm-platform/kit";
import { type App, startApp } from "./app.ts";
import { readSurroundings } from "./config/surroundings.ts";
import { loadConfig } from "./config/load.ts";
import { createLog, type PlatformLog } from "./telemetry/log.ts";

/** Exit codes of the server: 0 stopped in order, 1 failed, 2 the configuration is wrong. */
const exitOk = 0;
const exitFailed = 1;
const exitConfig = 2;

/**
 * Runs the server until it is told to stop.
 * @param argv flags: --config, --host, --port
 * @returns the exit code
 */
export async function serve(argv: readonly string[]): Promise<number> {
  let log: PlatformLog | undefined;
  try {
    const loaded = loadConfig(readSurroundings(argv));
    log = createLog(loaded.config.log.level);
    for (const warning of loaded.warnings) log.warn("config.warning", { warning });
    const app = await startApp({ config: loaded.config, baseDirectory: loaded.baseDirectory, log });
    return await runUntilStopped(app, log, loaded.config.server.drain_seconds * 1_000);
  } catch (thrown) {
    const error = toPlatformError(thrown);
    log?.error("platform.failed", { error });
    process.stderr.write(
      `llm-platform: ${error.code === "internal" ? String(error.cause) : error.message}\n`,
    );
    return error instanceof PlatformError && error.code === "config_invalid" ? exitConfig : exitFailed;
  }
}

/** Resolves when a signal has ended the server, or an error that nothing caught. A second signal ends it at once. */
function runUntilStopped(app: App, log: PlatformLog, drainMs: number): Promise<number> {
  return new Promise((resolve) => {
    const state = { isStopping: false };
    const stop = (exitCode: number, why: string) => {
      if (state.isStopping) process.exit(exitFailed);
      state.isStopping = true;
      log.info("platform.stopping", { why });
      app.stop(exitCode === exitOk ? drainMs : Math.min(drainMs, failedDrainMs)).then(
        () => resolve(exitCode),
        (error: unknown) => {
          log.error("platform.stop_failed", { error: toPlatformError(error) });
          resolve(exitFailed);
        },
      );
    };
    process.on("SIGTERM", () => stop(exitOk, "SIGTERM"));
    process.on("SIGINT", () => stop(exitOk, "SIGINT"));
    // After an error that nothing caught the state is not to be trusted: calls in flight may end, then a supervisor starts anew.
    process.on("uncaughtException", (error) => {
      log.error("platform.uncaught", { error });
      if (!state.isStopping) stop(exitFailed, "an error that nothing caught");
    });
  });
}

const failedDrainMs = 10_000;
