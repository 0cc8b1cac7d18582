import { type Log, toPlatformError } from "@llm-platform/kit";
import type { LoggedRequest } from "../../store/request-log/logged-request.ts";
import type { LogPosition, RequestLog } from "../../store/request-log/request-log.ts";

export interface RequestTailParts {
  readonly requests: Pick<RequestLog, "position" | "after">;
  readonly log: Log;
  /** Wall time. */
  readonly nowMs: () => number;
}

/** How often the log is looked at while somebody follows it; a call is in it up to a tenth of a second after its end. */
const lookEveryMs = 500;
const callsPerLook = 500;
/** Refused calls may be read twice: as many ids are known again. */
const mostKnown = 2_000;

/**
 * The newest calls of all servers that share the log, read once for all who follow, and not at all while nobody does.
 * What comes faster than it is read waits in the log.
 */
export class RequestTail {
  readonly #parts: RequestTailParts;
  readonly #listeners = new Set<(requests: readonly LoggedRequest[]) => void>();
  #known = new Set<string>();
  #position: LogPosition | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isReading = false;

  constructor(parts: RequestTailParts) {
    this.#parts = parts;
  }

  /** Calls `listener` with calls as they end, until the result is called. */
  listen(listener: (requests: readonly LoggedRequest[]) => void): () => void {
    this.#listeners.add(listener);
    if (this.#timer === undefined) {
      this.#timer = setInterval(() => void this.#look(), lookEveryMs);
      void this.#look();
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.#position = undefined;
      this.#known = new Set();
    };
  }

  async #look(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    const { requests: requestLog, log, nowMs } = this.#parts;
    try {
      const from = this.#position ?? (await requestLog.position(nowMs()));
      const { requests, position } = await requestLog.after(from, callsPerLook);
      if (this.#timer === undefined) return;
      const isFirst = this.#position === undefined;
      this.#position = position;
      const fresh = requests.filter(({ requestId }) => !this.#known.has(requestId));
      for (const { requestId } of fresh) this.#known.add(requestId);
      if (this.#known.size > mostKnown) this.#known = new Set([...this.#known].slice(-mostKnown / 2));
      // What was there before anybody followed is no news.
      if (isFirst || fresh.length === 0) return;
      for (const listener of this.#listeners) listener(fresh);
    } catch (error) {
      // The next look reads on.
      log.warn("requests.not_read", { error: toPlatformError(error) });
    } finally {
      this.#isReading = false;
    }
  }
}
