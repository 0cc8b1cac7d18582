import type { PlatformLog } from "../telemetry/log.ts";
import type { LogLevels } from "../telemetry/log-levels.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

/** What a worker is made of. */
export interface WorkerInput {
  readonly start: Extract<ToWorker, { readonly type: "start" }>;
  readonly log: PlatformLog;
  readonly logLevels: LogLevels;
  /** @param sent runs when the message is on its way */
  send(message: FromWorker, sent?: () => void): void;
  /** Ends the process. */
  exit(code: number): void;
}
