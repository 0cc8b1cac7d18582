import { PlatformError } from "@llm-platform/kit";

/** Whether the database is there. While it is not, whoever asks is told at once, and one probe looks for it. */
export interface Outage {
  /** Why statements fail at once now; undefined while they are tried. */
  readonly reason: string | undefined;
  /** Throws PlatformError `unavailable` while the database is known to be gone. */
  require(): void;
  /** Notes how a statement or a connection ended. */
  note(error: PlatformError | undefined): void;
  stop(): void;
}

export interface OutageParts {
  /** Asks the database something; rejects while it does not answer. */
  probe(): Promise<void>;
  /** Told when it is known to be gone, and when it is back. */
  onChange(error: PlatformError | undefined): void;
}

/** So many failures in a row are no accident. */
const failuresToOpen = 3;
const probeEveryMs = 1_000;

export function createOutage({ probe, onChange }: OutageParts): Outage {
  let failures = 0;
  let reason: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  function end(): void {
    failures = 0;
    if (reason === undefined) return;
    reason = undefined;
    onChange(undefined);
  }

  function lookLater(): void {
    if (isStopped) return;
    timer = setTimeout(() => {
      probe().then(end, lookLater);
    }, probeEveryMs).unref();
  }

  return {
    get reason() {
      return reason;
    },
    require() {
      if (reason !== undefined)
        throw new PlatformError("unavailable", reason, { retryAfterMs: probeEveryMs });
    },
    note(error) {
      if (error === undefined) {
        failures = 0;
        return;
      }
      failures++;
      if (failures < failuresToOpen || reason !== undefined) return;
      reason = error.message;
      onChange(error);
      lookLater();
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
