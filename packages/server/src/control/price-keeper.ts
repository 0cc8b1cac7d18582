import type { Log } from "@llm-platform/kit";
import { keyOfScope, type PriceEntry, type PriceScope, untilNext } from "../core/price-terms.ts";
import type { LivePriceTable } from "../core/prices.ts";
import type { PriceRows, StoredPrice } from "../store/price-rows.ts";
import { storedTerms, toRateTerms } from "./price-fields.ts";
import { toPriceEntry } from "./price-version.ts";

export interface PriceKeeperParts {
  readonly rows: PriceRows;
  /** What the configuration says, and what came with the server. */
  readonly fixed: readonly PriceEntry[];
  readonly prices: LivePriceTable;
  readonly log: Log;
}

/** Keeps the table of prices in step with what operators have set. */
export interface PriceKeeper {
  /**
   * Takes in what the database has, where that has changed. A price that cannot be read keeps what it last said; where that
   * is not known, the calls that it is for have no known cost. Rejects with PlatformError `unavailable`, and all stays.
   */
  reload(): Promise<void>;
  /** Calls `listener` when the table has changed. */
  onChange(listener: () => void): void;
  /** Reads them again every few seconds from now on, for what other servers on the same database have set. */
  follow(): void;
  /** Resolves when nothing is being read any more. */
  stop(): Promise<void>;
}

const rereadEveryMs = 5_000;

export function createPriceKeeper({ rows, fixed, prices, log }: PriceKeeperParts): PriceKeeper {
  const readable = new Map<string, PriceEntry>();
  const listeners: (() => void)[] = [];
  const state: { text: string | undefined; last: Promise<void>; timer?: NodeJS.Timeout } = {
    text: undefined,
    last: Promise.resolve(),
  };

  function toEntry(row: StoredPrice): PriceEntry {
    const key = `${keyOfScope(row)}\n${row.effectiveFromMs}`;
    const scope = { integration: row.integration, provider: row.provider, model: row.model };
    const terms = parseTerms(row.terms);
    if (terms !== undefined) {
      const { effectiveFromMs } = row;
      const entry = toPriceEntry("operator", { ...scope, ...toRateTerms(terms), effectiveFromMs });
      readable.set(key, entry);
      return entry;
    }
    log.warn("prices.unreadable", {
      ...scope,
      remedy: "Set the price again with PUT /api/v1/prices, or delete it.",
    });
    return readable.get(key) ?? toUnreadable(row);
  }

  async function read(): Promise<void> {
    const stored = await rows.list();
    const text = JSON.stringify(stored);
    if (text === state.text) return;
    const own = untilNext(stored).flatMap((step) =>
      step.terms === undefined ? [] : [{ ...toEntry(step), effectiveUntilMs: step.effectiveUntilMs }],
    );
    prices.replace([...own, ...fixed]);
    state.text = text;
    for (const listener of listeners) listener();
  }

  function reload(): Promise<void> {
    // One after the other: what was read first must not come last.
    const reading = state.last.then(read);
    state.last = reading.catch(() => undefined);
    return reading;
  }

  return {
    reload,
    onChange: (listener) => void listeners.push(listener),
    follow() {
      state.timer = setInterval(() => {
        reload().catch((error: unknown) => log.warn("prices.reload_failed", { error }));
      }, rereadEveryMs).unref();
    },
    stop() {
      clearInterval(state.timer);
      return state.last;
    },
  };
}

function toUnreadable({ integration, provider, model, effectiveFromMs }: StoredPrice): PriceEntry {
  const scope: PriceScope = { integration, provider, model };
  return {
    ...scope,
    effectiveFromMs,
    inputPerMillion: 0,
    outputPerMillion: 0,
    currency: "",
    source: "operator",
    version: "operator:unreadable",
    isUnreadable: true,
  };
}

function parseTerms(text: string | undefined) {
  try {
    const { success, data } = storedTerms.safeParse(JSON.parse(text ?? ""));
    return success ? data : undefined;
  } catch {
    // Text that is no JSON is as unreadable as one with other members.
    return undefined;
  }
}
