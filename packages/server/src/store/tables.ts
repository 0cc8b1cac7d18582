import type { RollupSum } from "./rollup-columns.ts";

/** The tables, as the query layer sees them. */
export interface Tables {
  readonly events: EventRow;
  readonly key_values: KeyValueRow;
  readonly usage_ledger: UsageRow;
  readonly refused_calls: RefusedCallRow;
  readonly usage_kinds: UsageKindRow;
  readonly usage_rollups: UsageRollupRow;
  readonly budgets: BudgetRow;
  readonly budget_spend: BudgetSpendRow;
  readonly usage_progress: UsageProgressRow;
  readonly secrets: SecretColumns;
  readonly users: UserRow;
  readonly api_keys: ApiKeyRow;
  readonly teams: TeamRow;
  readonly roles: RoleRow;
  readonly audit_log: AuditRow;
  readonly audit_notes: AuditNoteRow;
  readonly passwords: PasswordRow;
  readonly sessions: SessionRow;
  readonly refresh_tokens: RefreshTokenRow;
  readonly signing_keys: SigningKeyRow;
  readonly auth_tickets: TicketRow;
  readonly call_content: CallContentRow;
  readonly responses: ResponseRow;
  readonly prices: PriceRow;
  readonly pulls: PullRow;
  readonly routes: RouteRow;
  readonly schema_floor: { readonly change: string };
}

export interface EventRow {
  readonly id: number;
  readonly time: string;
  readonly integration: string;
  readonly type: string;
  /** JSON of an object. */
  readonly data: string;
}

export interface KeyValueRow {
  readonly integration: string;
  readonly key: string;
  /** JSON. */
  readonly value: string;
}

export interface UsageRow {
  readonly id: number;
  readonly attempt_id: string;
  readonly started_at_ms: number;
  readonly principal: string;
  readonly operation: string;
  readonly requested_model: string;
  readonly integration: string;
  readonly provider: string;
  readonly upstream_model: string;
  /** 1 for a stream, else 0. */
  readonly stream: number;
  readonly duration_ms: number;
  readonly first_byte_ms: number | null;
  readonly outcome: string;
  readonly http_status: number | null;
  readonly error_code: string | null;
  readonly input_tokens: number | null;
  readonly output_tokens: number | null;
  readonly cache_read_tokens: number | null;
  readonly cache_write_tokens: number | null;
  readonly reasoning_tokens: number | null;
  readonly usage_source: string;
  readonly cost_micros: number | null;
  readonly currency: string | null;
  readonly price_version: string | null;
  /** 1 where the call ended with it, else 0. */
  readonly ends_call: number;
  readonly before_ms: number | null;
  readonly stages: number | null;
  readonly head_us: number | null;
  readonly notes: string | null;
  /** The server that served the call; null where there is but one. */
  readonly replica: string | null;
}

export interface RefusedCallRow {
  readonly request_id: string;
  readonly started_at_ms: number;
  /** When it was written here. */
  readonly recorded_at_ms: number;
  readonly duration_ms: number;
  readonly principal: string;
  readonly operation: string;
  readonly requested_model: string;
  /** 1 for a stream, else 0. */
  readonly stream: number;
  readonly attempts: number;
  readonly http_status: number;
  readonly error_code: string;
  readonly message: string;
  readonly stages: number | null;
  readonly notes: string | null;
  readonly replica: string | null;
}

export interface UsageKindRow {
  readonly id: number;
  readonly principal: string;
  readonly integration: string;
  readonly provider: string;
  readonly upstream_model: string;
  readonly operation: string;
  /** Empty for none. */
  readonly currency: string;
}

/** What attempts of one kind that began in one bucket came to. */
export interface UsageRollupRow extends Readonly<Record<RollupSum, number>> {
  readonly resolution: string;
  /** What the row tells apart, one of `rollupGrains`. */
  readonly by_principal: number;
  /** Start of the bucket, since the epoch. */
  readonly bucket_ms: number;
  readonly kind_id: number;
  /** Histograms, as their class writes them. */
  readonly durations: string;
  readonly first_bytes: string;
}

export interface BudgetRow {
  readonly id: string;
  readonly name: string;
  readonly scope: string;
  /** Empty for a budget of all calls. */
  readonly subject: string;
  readonly period: string;
  readonly amount_micros: number;
  readonly currency: string;
  /** JSON of a list of numbers. */
  readonly warn_at_percents: string;
  readonly action: string;
  readonly created_at_ms: number;
}

/** What attempts in the ledger count for one budget and period. */
export interface BudgetSpendRow {
  readonly budget_id: string;
  readonly period_start_ms: number;
  readonly spent_micros: number;
  /** Part of `spent_micros`: what is no cost in the ledger, or one in another currency. */
  readonly assumed_micros: number;
}

/** How far the work on the ledger has come. */
export interface UsageProgressRow {
  readonly name: string;
  readonly value: number;
}

export interface SecretColumns {
  readonly purpose: string;
  readonly name: string;
  readonly envelope: string;
}

export interface UserRow {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly email: string | null;
  readonly role: string;
  /** Null for a user without a team. */
  readonly team_id: string | null;
  /** 1 for a user whose keys work, else 0. */
  readonly is_active: number;
  readonly created_at_ms: number;
  readonly requests_per_minute: number | null;
  readonly tokens_per_minute: number | null;
  readonly max_concurrent: number | null;
}

export interface TeamRow {
  readonly id: string;
  readonly name: string;
  readonly requests_per_minute: number | null;
  readonly tokens_per_minute: number | null;
  readonly max_concurrent: number | null;
  readonly created_at_ms: number;
}

export interface RoleRow {
  readonly name: string;
  readonly description: string;
  /** JSON of a list of permissions. */
  readonly permissions: string;
  readonly created_at_ms: number;
}

export interface ApiKeyRow {
  readonly id: string;
  readonly name: string;
  /** Null for a key of nobody. */
  readonly owner_id: string | null;
  /** JSON of a list of permissions. */
  readonly scopes: string;
  /** The first characters of the key, by which a person knows it. */
  readonly prefix: string;
  /** Of the key's text, in lower-case hexadecimal. */
  readonly sha256: string;
  /** The same of the text before the last rotation. */
  readonly previous_sha256: string | null;
  readonly previous_expires_at_ms: number | null;
  readonly requests_per_minute: number | null;
  readonly tokens_per_minute: number | null;
  readonly max_concurrent: number | null;
  /** Null where the configuration says it for all. */
  readonly audit: string | null;
  /** 1 for a key whose calls are kept with their content, else 0. */
  readonly capture_content: number;
  readonly created_at_ms: number;
  readonly created_by: string;
  readonly expires_at_ms: number | null;
  readonly last_used_at_ms: number | null;
  readonly revoked_at_ms: number | null;
}

export interface AuditRow {
  /** Empty for the chain of a server that has its database for itself. */
  readonly chain: string;
  readonly sequence: number;
  readonly time_ms: number;
  readonly actor_id: string;
  readonly actor_name: string;
  readonly operation: string;
  readonly target_id: string | null;
  readonly target_name: string | null;
  /** The whole record; the other columns repeat what is searched for. */
  readonly line: string;
}

/** How far a sink of the audit log had come that is not this table. */
export interface AuditNoteRow {
  readonly chain: string;
  readonly sink: string;
  readonly sequence: number;
  readonly hash: string;
}

export interface PasswordRow {
  readonly user_id: string;
  /** The argon2id hash as a PHC string. */
  readonly phc: string;
  readonly changed_at_ms: number;
}

export interface SessionRow {
  readonly id: string;
  readonly user_id: string;
  readonly created_at_ms: number;
  readonly expires_at_ms: number;
  readonly revoked_at_ms: number | null;
}

export interface RefreshTokenRow {
  /** Of the token's text, in lower-case hexadecimal. */
  readonly sha256: string;
  readonly session_id: string;
  readonly expires_at_ms: number;
  /** A token is good for one use. */
  readonly used_at_ms: number | null;
}

export interface CallContentRow {
  readonly request_id: string;
  readonly created_at_ms: number;
  /** What was asked and answered, sealed. */
  readonly envelope: string;
}

export interface TicketRow {
  readonly sha256: string;
  /** JSON. */
  readonly holder: string;
  readonly expires_at_ms: number;
}

export interface SigningKeyRow {
  readonly id: string;
  /** JSON. The private half is a secret of the vault. */
  readonly public_jwk: string;
  readonly created_at_ms: number;
  /** From when on nothing is signed with it. */
  readonly retired_at_ms: number | null;
}

/** A step in the history of an operator's prices. */
export interface PriceRow {
  /** Empty for all. */
  readonly integration: string;
  /** Empty for all. */
  readonly provider: string;
  readonly model: string;
  readonly effective_from_ms: number;
  /** JSON; null where from then on the operator says nothing. */
  readonly terms: string | null;
  readonly changed_at_ms: number;
  readonly changed_by: string;
}

/** A name that an operator has made. */
export interface RouteRow {
  readonly model: string;
  /** Null for a route of its own. */
  readonly alias_of: string | null;
  /** JSON. */
  readonly targets: string;
  /** JSON. */
  readonly fallbacks: string;
  readonly version: string;
  readonly changed_at_ms: number;
  readonly changed_by: string;
}

export interface PullRow {
  readonly id: string;
  /** Whose disk the files come to. */
  readonly replica: string;
  readonly kind: string;
  readonly source: string;
  /** JSON. */
  readonly request: string;
  readonly phase: string;
  readonly detail: string | null;
  readonly error_code: string | null;
  readonly error_message: string | null;
  readonly revision: string | null;
  readonly license: string | null;
  /** JSON. */
  readonly files: string;
  /** JSON. */
  readonly models: string;
  readonly completed_bytes: number;
  readonly total_bytes: number | null;
  readonly created_by: string;
  readonly created_by_name: string;
  readonly created_at_ms: number;
  readonly updated_at_ms: number;
  readonly finished_at_ms: number | null;
}

/** A response that its caller may come back to. */
export interface ResponseRow {
  readonly id: string;
  /** Whose it is. */
  readonly owner: string;
  /** Null for the first of a conversation. */
  readonly previous_id: string | null;
  readonly created_at_ms: number;
  /** How long the text of the row is. */
  readonly characters: number;
  readonly envelope: string;
}
