import { type Log, Secret } from "@llm-platform/kit";
import { type DestinationStream, pino } from "pino";
import { KnownSecrets } from "../core/known-secrets.ts";
import { type LogLevel, LogLevels } from "./log-levels.ts";
import { LogRepeats } from "./log-repeats.ts";
import type { LogTap } from "./log-tap.ts";

/** The platform's log: one JSON object a line, an event name and fields. */
export interface PlatformLog extends Log {
  /** What is looked for in a single case, and may hold parts of what callers sent. */
  trace(event: string, fields?: Readonly<Record<string, unknown>>): void;
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
  /** The span of what is being done. Default: nothing is traced. */
  readonly traced?: () => TraceFields | undefined;
  /** Lines of one event in a second; what comes then is counted. Default 0: no bound. */
  readonly mostPerSecond?: number;
}

/** Where in a trace a line belongs, by the names of OpenTelemetry's data model of logs. */
export interface TraceFields {
  readonly trace_id: string;
  readonly span_id: string;
}

/** What all children of a log have in common. */
interface LogSink {
  readonly traced: () => TraceFields | undefined;
  readonly levels: LogLevels;
  readonly repeats: LogRepeats;
  readonly nowMs: () => number;
  readonly held: { timer: NodeJS.Timeout | undefined };
}

/** Held-back lines are told of after this long, when no later line of the event has done so. */
const tellHeldAfterMs = 1_100;

/** @param levels which lines are written: a level for all of them, or what may be set while the log is in use */
export function createLog(
  levels: LogLevel | LogLevels,
  {
    destination = pino.destination({ dest: 1, sync: true }),
    secrets = new KnownSecrets(),
    tap,
    traced = () => undefined,
    mostPerSecond = 0,
  }: LogOptions = {},
): PlatformLog {
  const options = {
    // Which lines are written is judged before they come here.
    level: "trace",
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
  const sink: LogSink = {
    levels: typeof levels === "string" ? new LogLevels({ level: levels, parts: {} }) : levels,
    repeats: new LogRepeats(mostPerSecond),
    traced,
    nowMs: Date.now,
    held: { timer: undefined },
  };
  return wrap(pino(options, { write }), sink, undefined);
}

type Writer = ReturnType<typeof pino>;
type Severity = "trace" | "debug" | "info" | "warn" | "error";

function wrap(writer: Writer, sink: LogSink, integration: string | undefined): PlatformLog {
  function say(level: Severity, event: string, fields: Readonly<Record<string, unknown>> | undefined): void {
    const nowMs = sink.nowMs();
    if (!sink.levels.isWritten(level, event, { integration, nowMs })) return;
    const { isWritten, heldBefore } = sink.repeats.judge(event, nowMs);
    if (heldBefore > 0) tellHeld(writer, event, heldBefore);
    if (isWritten) writer[level]({ ...sink.traced(), ...safeFields(fields) }, event);
    else sink.held.timer ??= setTimeout(() => tellAllHeld(writer, sink), tellHeldAfterMs).unref();
  }
  return {
    trace: (event, fields) => say("trace", event, fields),
    debug: (event, fields) => say("debug", event, fields),
    info: (event, fields) => say("info", event, fields),
    warn: (event, fields) => say("warn", event, fields),
    error: (event, fields) => say("error", event, fields),
    child(fields) {
      const name = fields["integration"];
      return wrap(writer.child(safeFields(fields)), sink, typeof name === "string" ? name : integration);
    },
  };
}

function tellAllHeld(writer: Writer, sink: LogSink): void {
  sink.held.timer = undefined;
  for (const { event, count } of sink.repeats.takeHeld(sink.nowMs())) tellHeld(writer, event, count);
}

function tellHeld(writer: Writer, event: string, count: number): void {
  writer.warn({ of: event, count }, "log.repeats_held");
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
