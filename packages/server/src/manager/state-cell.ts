import { type IntegrationState, PlatformError } from "@llm-platform/kit";
import type { KnownSecrets } from "../core/known-secrets.ts";
import { isLegalMove } from "../core/lifecycle.ts";

/** A change of an integration's state. */
export interface StateChange {
  readonly name: string;
  readonly state: IntegrationState;
  readonly previous: IntegrationState;
  /** One sentence for a person, or null when there is nothing to say. */
  readonly reason: string | null;
}

export interface StateCellInput {
  readonly name: string;
  readonly secrets: KnownSecrets;
  readonly initial: IntegrationState;
  nowMs(): number;
  onChange(change: StateChange): void;
}

/** Holds the state of one integration and lets it make legal moves only. */
export interface StateCell {
  readonly state: IntegrationState;
  readonly reason: string | null;
  /** Since when it is in this state, wall time. */
  readonly sinceMs: number;
  /**
   * Makes a move and tells of it; a move to the same state renews the reason only.
   * Throws PlatformError `internal` for a move that the table does not have.
   */
  move(to: IntegrationState, reason?: string | null): void;
}

export function createStateCell({ name, secrets, initial, nowMs, onChange }: StateCellInput): StateCell {
  let state = initial;
  let reason: string | null = null;
  let sinceMs = nowMs();
  return {
    get state() {
      return state;
    },
    get reason() {
      return reason;
    },
    get sinceMs() {
      return sinceMs;
    },
    move(to, nextReason = null) {
      const previous = state;
      if (to !== previous && !isLegalMove(previous, to)) {
        throw new PlatformError("internal", `${name} cannot move from ${previous} to ${to}.`);
      }
      reason = nextReason === null ? null : secrets.hide(nextReason);
      if (to === previous) return;
      state = to;
      sinceMs = nowMs();
      onChange({ name, state, previous, reason });
    },
  };
}
