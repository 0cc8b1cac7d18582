import type { LimitValues } from "./limits.ts";

/** Users who share limits. A user is in one team at most. */
export interface Team {
  /** `team_` and a random UUID. */
  readonly id: string;
  readonly name: string;
  /** Of all members together. */
  readonly limits: LimitValues;
  readonly createdAtMs: number;
}
