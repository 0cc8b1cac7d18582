import type { Log } from "../integration.ts";

/** One line that an integration logged. */
export interface LogRecord {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A log that keeps every line in `records`, in order. */
export function createRecordedLog(): {
  readonly log: Log;
  readonly records: readonly LogRecord[];
} {
  const records: LogRecord[] = [];
  const at =
    (level: LogRecord["level"]) =>
    (event: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      records.push({ level, event, fields });
    };
  return {
    log: {
      debug: at("debug"),
      info: at("info"),
      warn: at("warn"),
      error: at("error"),
    },
    records,
  };
}
