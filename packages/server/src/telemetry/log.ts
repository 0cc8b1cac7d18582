import { type Log, Secret } from "@llm-platform/kit";
import { type DestinationStream, pino } from "pino";
import { KnownSecrets } from "../core/known-secrets.ts";
import type { LogTap } from "./log-tap.ts";

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "silent";

/** The platform's log: one JSON object a line, an event name and fields. */
export interface PlatformLog extends Log {
  /** The same log with fields added to every line. */
  child(fields: Readonly<Record<string, unknown>>): PlatformLog;
}

const longestFieldChars = 4_096;
const secretKeys = /^(authorization|api[-_]?key|password|token|secret|cookie|x-api-key)$/i;

export interface LogOptions {
  /** Where lines go; default standard output. */
  readonly destination?: DestinationStream;
  /** Taken out of every line. Default: none is known. */
  readonly secrets?: KnownSecrets;
  /** Reads along. Default: nobody does. */
  readonly tap?: LogTap;
}

export function createLog(
  level: LogLevel,
  {
    destination = pino.destination({ dest: 1, sync: true }),
    secrets = new KnownSecrets(),
    tap,
  }: LogOptions = {},
): PlatformLog {
  const options = {
    level,
    messageKey: "event",
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const write = (line: string) => {
    const shown = secrets.hide(line);
    destination.write(shown);
    tap?.write(shown);
  };
  return wrap(pino(options, { write }));
}

type Sink = ReturnType<typeof pino>;

function wrap(sink: Sink): PlatformLog {
  return {
    debug: (event, fields) => sink.debug(safeFields(fields), event),
    info: (event, fields) => sink.info(safeFields(fields), event),
    warn: (event, fields) => sink.warn(safeFields(fields), event),
    error: (event, fields) => sink.error(safeFields(fields), event),
    child: (fields) => wrap(sink.child(safeFields(fields))),
  };
}

/** Replaces what must not be printed: secrets by type or by name, and endless strings. */
export function safeFields(fields: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, safeValue(key, value, 0)]));
}

function safeValue(key: string, value: unknown, depth: number): unknown {
  if (value instanceof Secret || (secretKeys.test(key) && value !== undefined && value !== null))
    return "[secret]";
  if (value instanceof Error) return describeError(value, depth);
  if (typeof value === "string")
    return value.length > longestFieldChars ? `${value.slice(0, longestFieldChars)}…` : value;
  if (typeof value !== "object" || value === null) return value;
  if (depth > 4) return "[deep]";
  if (Array.isArray(value)) return value.slice(0, 100).map((item) => safeValue(key, item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, safeValue(name, item, depth + 1)]),
  );
}

function describeError(error: Error, depth: number): Record<string, unknown> {
  const code = "code" in error ? { code: error.code } : {};
  const cause =
    error.cause === undefined || depth > 4 ? {} : { cause: safeValue("cause", error.cause, depth + 1) };
  return { name: error.name, message: error.message.slice(0, longestFieldChars), ...code, ...cause };
}
