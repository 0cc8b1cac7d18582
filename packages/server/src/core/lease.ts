import type { LimitKind, LimitScope } from "./limits.ts";

/** Which count an ask is about. */
interface AskedCount {
  readonly scope: LimitScope;
  readonly id: string;
  readonly limit: number;
  /** What calls wait for. */
  readonly need: number;
  /** What would be good to have beyond that; a count that is short of it gives less. */
  readonly want: number;
}

/** An ask for something of which there is so much in a minute. */
export interface WindowAsk extends AskedCount {
  readonly kind: Exclude<LimitKind, "concurrent">;
  /** What the first of those calls needs, for telling it how long to wait. */
  readonly unit: number;
  /** What was used without having been leased. */
  readonly owed: number;
  /** What was leased and not used: pairs of how long ago it was leased, in milliseconds, and how much. */
  readonly returned: readonly number[];
}

/** An ask for something that is had for a time. */
export interface SlotAsk extends AskedCount {
  readonly kind: "concurrent";
  /** All that this replica has. */
  readonly held: number;
}

/** What a replica asks of the counts that all share. A further kind of count is a further kind of ask. */
export type LeaseAsk = WindowAsk | SlotAsk;

export interface LeaseAnswer {
  readonly granted: number;
  /** What nobody was lent after that. */
  readonly remaining: number;
  /** Until `unit` can be had, where calls need more than was granted. */
  readonly waitMs: number;
  /** Until all of it is there again. */
  readonly resetMs: number;
}

/** When an answer came, and how many replicas share the count. */
export interface AnswerFacts {
  readonly nowMs: number;
  readonly replicas: number;
}

/** What one replica has of one count. */
export interface Lease {
  /**
   * What it asks for now; undefined for nothing. It is followed by `onAnswer` or `onFailure` before the next one.
   * @param isAheadWanted whether it asks for more than calls wait for
   */
  toAsk(nowMs: number, isAheadWanted: boolean): LeaseAsk | undefined;
  onAnswer(answer: LeaseAnswer, facts: AnswerFacts): void;
  /** There was no answer, and it is not known whether the ask was heard. */
  onFailure(): void;
  /** An ask was heard after all. */
  onLateAnswer(ask: LeaseAsk, answer: LeaseAnswer, nowMs: number): void;
}

/** While a count is known to have nothing left, it is not asked again for this long. */
export const emptyForMs = 50;
/** What was not used for this long is given back. */
export const idleMs = 250;

/** Of what is left, so much may be lent ahead to one replica: the less there is, the less of it lies about unused. */
export function mostAhead(remaining: number, replicas: number): number {
  return Math.floor(remaining / (2 * replicas));
}
