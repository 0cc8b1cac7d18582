import { toPlatformError } from "@llm-platform/kit";
import { startApp } from "./app.ts";
import { forgetCredentials, readSurroundings } from "./config/surroundings.ts";
import { loadConfig } from "./config/load.ts";
import { KnownSecrets } from "./core/known-secrets.ts";
import { findSecrets } from "./core/shown-value.ts";
import { LogLevels } from "./telemetry/log-levels.ts";
import { LogTap } from "./telemetry/log-tap.ts";
import { Tracing } from "./telemetry/tracing/tracing.ts";
import { WorkSpans } from "./telemetry/tracing/work-spans.ts";
import { createLog, type PlatformLog } from "./telemetry/log.ts";

/** Exit codes of the server: 0 stopped in order, 1 failed, 2 the configuration is wrong. */
const exitOk = 0;
const exitFailed = 1;
const exitConfig = 2;

/**
 * Runs the server until it is told to stop.
 * @param argv flags: --config, and those that `config/flags.ts` names
 * @returns the exit code
 */
export async function serve(argv: readonly string[]): Promise<number> {
  const stop = listenForStop();
  let log: PlatformLog | undefined;
  try {
    const loaded = loadConfig(readSurroundings(argv));
    forgetCredentials();
    const secrets = new KnownSecrets();
    const logTap = new LogTap();
    secrets.learn(findSecrets(loaded.config, {}));
    const { level, levels: parts, most_per_second } = loaded.config.log;
    const logLevels = new LogLevels({ level, parts });
    const tracing = new Tracing(secrets);
    const workSpans = new WorkSpans(tracing);
    log = createLog(logLevels, {
      secrets,
      tap: logTap,
      traced: () => workSpans.logFields,
      mostPerSecond: most_per_second,
    });
    for (const warning of loaded.warnings) log.warn("config.warning", { warning });
    const { signal: stopping } = stop;
    const app = await startApp({
      ...loaded,
      log,
      logLevels,
      logTap,
      tracing,
      workSpans,
      secrets,
      tell,
      stopping,
    });
    const { exitCode, why, error } = await stop.requested;
    log.info("platform.stopping", { why, ...(error === undefined ? {} : { error }) });
    const drainMs = loaded.config.server.drain_seconds * 1_000;
    await app.stop(exitCode === exitOk ? drainMs : Math.min(drainMs, failedDrainMs));
    return exitCode;
  } catch (thrown) {
    const error = toPlatformError(thrown);
    if (error.code === "shutting_down") return exitOk;
    log?.error("platform.failed", { error });
    process.stderr.write(
      `llm-platform: ${error.code === "internal" ? String(error.cause) : error.message}\n`,
    );
    return error.code === "config_invalid" ? exitConfig : exitFailed;
  } finally {
    stop.forget();
  }
}

function tell(text: string): void {
  process.stderr.write(`llm-platform: ${text}\n`);
}

interface StopRequest {
  readonly exitCode: number;
  readonly why: string;
  readonly error?: unknown;
}

/**
 * Listens for signals and for errors that nothing caught, from the first moment: a stop that is asked for
 * while the platform starts takes effect when it has started, or has given up waiting. A second signal ends the process
 * at once.
 */
function listenForStop(): {
  readonly requested: Promise<StopRequest>;
  /** Aborted by a signal. */
  readonly signal: AbortSignal;
  forget(): void;
} {
  const { promise, resolve } = Promise.withResolvers<StopRequest>();
  const stopping = new AbortController();
  const state = { isRequested: false };
  const onSignal = (signal: NodeJS.Signals) => {
    if (state.isRequested) process.exit(exitFailed);
    state.isRequested = true;
    stopping.abort();
    resolve({ exitCode: exitOk, why: signal });
  };
  // After an error that nothing caught the state is not to be trusted: calls in flight may end, then a supervisor starts anew.
  const onError = (error: unknown) => {
    state.isRequested = true;
    resolve({ exitCode: exitFailed, why: "an error that nothing caught", error });
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  process.on("uncaughtException", onError);
  return {
    requested: promise,
    signal: stopping.signal,
    forget() {
      process.off("SIGTERM", onSignal);
      process.off("SIGINT", onSignal);
      process.off("uncaughtException", onError);
    },
  };
}

const failedDrainMs = 10_000;
