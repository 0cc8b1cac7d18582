/** One fact of an administrative operation. Times are ISO 8601. */
export interface AuditRecord {
  /** Which server's chain it is; empty where one server has the database for itself. */
  readonly chain: string;
  readonly sequence: number;
  readonly time: string;
  readonly actor: {
    readonly id: string;
    readonly name: string;
    readonly kind: string;
    readonly user: string | null;
  };
  /** Where the call came from. */
  readonly address: string | null;
  readonly request_id: string;
  readonly operation: string;
  readonly target: { readonly type: string; readonly id: string | null; readonly name: string | null } | null;
  /** `started`, `ok`, `refused` or `failed`. */
  readonly outcome: string;
  readonly error_code: string | null;
  readonly before: unknown;
  readonly after: unknown;
  readonly hash: string;
}

/** A record by its place in the chain and its hash. */
export interface AuditHead {
  /** Which server's chain it is; empty where one server has the database for itself. */
  readonly chain?: string | undefined;
  readonly sequence: number;
  readonly hash: string;
}

/** Which records. Everything that is given must hold. */
export interface AuditFilter {
  /** Id or name. */
  readonly actor?: string | undefined;
  readonly operation?: string | undefined;
  /** Id or name. */
  readonly target?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Default 100. */
  readonly limit?: number | undefined;
}

/** What a look through the whole audit log came to. */
export interface AuditVerdict {
  readonly ok: boolean;
  readonly records: number;
  readonly head: AuditHead;
  /** The first record that is not as it was written; null when all are. */
  readonly first_bad: {
    readonly chain: string;
    readonly sequence: number;
    readonly sink: string;
    readonly reason: string;
    readonly detail: string;
  } | null;
  readonly sinks: readonly { readonly name: string; readonly records: number }[];
  /** Chains of other servers with the same database. */
  readonly others: readonly { readonly chain: string; readonly records: number; readonly ok: boolean }[];
  /** The usage ledger, by its seals in the audit log. */
  readonly usage: {
    /** Sound ones. */
    readonly seals: number;
    /** Records of calls that are as they were sealed. */
    readonly records: number;
    /** Sealed ones that were deleted for their age, and those sealed together with them. */
    readonly records_not_kept: number;
    /** Between which records of calls the first lies that is not as it was sealed; null when all are. */
    readonly first_bad: {
      readonly chain: string;
      readonly sequence: number;
      readonly first_id: number;
      readonly last_id: number;
      readonly reason: string;
      readonly detail: string;
    } | null;
  };
}
