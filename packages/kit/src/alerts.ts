/** An alert that begins, goes on, or is over. */
export interface AlertNotice {
  readonly status: "firing" | "resolved";
  readonly name: string;
  /** critical, warning, info or none. */
  readonly severity: string;
  /** What it is about. */
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly description: string;
  readonly runbookUrl: string;
  /** Unix time. */
  readonly startedAtMs: number;
  /** Unix time; of one that is over. */
  readonly endedAtMs?: number;
}

/** An alert that a receiver knows of, also one that somebody else told it. */
export interface KnownAlert {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Whether nobody is told of it because of a silence or of a worse alert. */
  readonly isSuppressed: boolean;
  /** ISO 8601. */
  readonly startedAt: string;
}

/** A time in which nobody is told of some alerts. */
export interface AlertSilence {
  readonly id: string;
  /** For example `alertname="HighLatency"`. */
  readonly matchers: readonly string[];
  /** ISO 8601. */
  readonly endsAt: string;
  readonly createdBy: string;
  readonly comment: string;
}

/** A silence as it is asked for. */
export interface NewSilence {
  /** An alert is silenced that has every one of these labels; its name is the label `alertname`. */
  readonly matchers: readonly { readonly name: string; readonly value: string }[];
  /** Unix time. */
  readonly endsAtMs: number;
  readonly createdBy: string;
  readonly comment: string;
}

/** What takes alerts and tells people of them. */
export interface AlertReceiver {
  /** Whether alerts that go on are to be told again every minute, because it forgets them otherwise. */
  readonly needsRepeats?: boolean;
  /** Resolves when the receiver has taken them. */
  deliver(notices: readonly AlertNotice[], signal: AbortSignal): Promise<void>;
  /** Of a receiver that keeps them. */
  known?(signal: AbortSignal): Promise<readonly KnownAlert[]>;
  silences?(signal: AbortSignal): Promise<readonly AlertSilence[]>;
  /** Of a receiver that keeps silences: makes one from now on. Resolves to its id. */
  silence?(silence: NewSilence, signal: AbortSignal): Promise<string>;
  /** Ends one now. Rejects with PlatformError `not_found` for an id that it does not know. */
  endSilence?(id: string, signal: AbortSignal): Promise<void>;
}
