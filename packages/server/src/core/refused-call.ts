/** A call that ended without a reply: refused before any attempt, or given up after some. */
export interface RefusedCall {
  readonly requestId: string;
  /** When it arrived, since the epoch. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly principal: string;
  readonly operation: string;
  /** The name that the client asked for; empty where none could be read. */
  readonly requestedModel: string;
  readonly stream: boolean;
  /** How often it was tried; each try has its record in the ledger. */
  readonly attempts: number;
  /** As the client was told, in HTTP's words. */
  readonly httpStatus: number;
  readonly errorCode: string;
  /** As the client was told. */
  readonly message: string;
  /** As `packStages` has it; null where a stage took too long for that, or nothing was measured. */
  readonly stages: number | null;
  /** As `formatNotes` has it. */
  readonly notes: string | null;
}
