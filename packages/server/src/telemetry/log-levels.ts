/** From the least severe on. */
export const logLevels = ["trace", "debug", "info", "warn", "error", "silent"] as const;

export type LogLevel = (typeof logLevels)[number];

/** A level that was set while the server runs, as plain data. */
export interface LogLevelOverride {
  /** The noun that its events begin with, the name of an integration, or `*` for all that has no level of its own. */
  readonly part: string;
  readonly level: LogLevel;
  /** Unix time in milliseconds at which it is over; null for one that holds until it is set otherwise. */
  readonly expiresAtMs: number | null;
}

/** As the configuration says, before anything was set. */
export interface ConfiguredLogLevels {
  readonly level: LogLevel;
  readonly parts: Readonly<Record<string, LogLevel>>;
}

/** For all that has no level of its own. */
export const everyPart = "*";

const ranks: Readonly<Record<string, number>> = Object.fromEntries(
  logLevels.map((level, rank) => [level, rank]),
);

/** Which lines of the log are written. Time is an argument. */
export class LogLevels {
  readonly configured: ConfiguredLogLevels;
  #overrides: readonly LogLevelOverride[] = [];
  readonly #listeners: ((overrides: readonly LogLevelOverride[]) => void)[] = [];

  constructor(configured: ConfiguredLogLevels) {
    this.configured = configured;
  }

  /** Those that hold at this time. */
  overrides(nowMs: number): readonly LogLevelOverride[] {
    return this.#overrides.filter(({ expiresAtMs }) => expiresAtMs === null || expiresAtMs > nowMs);
  }

  /** These are all that hold from now on. */
  set(overrides: readonly LogLevelOverride[]): void {
    this.#overrides = overrides;
    for (const listener of this.#listeners) listener(overrides);
  }

  onChange(listener: (overrides: readonly LogLevelOverride[]) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Whether a line is written. What an integration says goes by the integration's level, where that has one.
   * @param level of the line
   * @param event for example `audit.failed`
   */
  isWritten(
    level: LogLevel,
    event: string,
    so: { readonly integration: string | undefined; readonly nowMs: number },
  ): boolean {
    const noun = event.slice(0, Math.max(0, event.indexOf(".")));
    const wanted =
      (so.integration === undefined ? undefined : this.#levelOf(so.integration, so.nowMs)) ??
      this.#levelOf(noun, so.nowMs) ??
      this.#levelOf(everyPart, so.nowMs) ??
      this.configured.level;
    return rankOf(level) >= rankOf(wanted);
  }

  #levelOf(part: string, nowMs: number): LogLevel | undefined {
    const { parts } = this.configured;
    const found = this.#overrides.find((each) => each.part === part);
    if (found !== undefined && (found.expiresAtMs === null || found.expiresAtMs > nowMs)) return found.level;
    return Object.hasOwn(parts, part) ? parts[part] : undefined;
  }
}

function rankOf(level: LogLevel): number {
  return ranks[level] ?? 0;
}
