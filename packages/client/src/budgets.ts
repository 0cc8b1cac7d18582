/** So much money for a time, and how far it is used. */
export interface Budget {
  readonly id: string;
  readonly name: string;
  /** key, user, team, integration or global. */
  readonly scope: string;
  /** Null for all calls together. */
  readonly subject: string | null;
  /** day, week, month or total, in UTC. */
  readonly period: string;
  readonly currency: string;
  /** Millionths of the currency, as all that end so. */
  readonly amount_micros: number;
  readonly warn_at_percents: readonly number[];
  /** block or warn. */
  readonly action: string;
  readonly spent_micros: number;
  /** Part of `spent_micros`: what models were taken to cost whose price is not known. */
  readonly assumed_micros: number;
  /** What calls in flight may cost. */
  readonly reserved_micros: number;
  readonly remaining_micros: number;
  readonly period_start: string;
  /** Null for a period without end. */
  readonly period_end: string | null;
  readonly created_at: string;
}

export interface NewBudget {
  readonly name: string;
  readonly scope: string;
  readonly subject?: string | undefined;
  readonly period: string;
  readonly amount_micros: number;
  readonly currency?: string | undefined;
  readonly warn_at_percents?: readonly number[] | undefined;
  readonly action?: string | undefined;
}

export interface BudgetChange {
  readonly name?: string | undefined;
  readonly amount_micros?: number | undefined;
  readonly warn_at_percents?: readonly number[] | undefined;
  readonly action?: string | undefined;
}
