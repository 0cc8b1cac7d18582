import { createTurns, type Turns } from "../core/turns.ts";

/** What two must not do at the same time, wherever the store is used. */
export type LoneWork = "first_user" | "saved_config" | "routes";

/**
 * Runs `work` while nobody else runs the same; who comes meanwhile waits. Resolves or rejects as `work` does, and with
 * PlatformError `unavailable` when the database does not answer, before `work` has begun.
 */
export type RunAlone = <Result>(what: LoneWork, work: () => Promise<Result>) => Promise<Result>;

/** Of a database that one server has for itself. */
export function createRunAlone(): RunAlone {
  const turns: Readonly<Record<LoneWork, Turns>> = {
    first_user: createTurns(),
    saved_config: createTurns(),
    routes: createTurns(),
  };
  return (what, work) => turns[what].take(work);
}
