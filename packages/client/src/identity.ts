/** Who the caller is. */
export interface Caller {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  /** Id of the user whose key it is; null for a key of nobody. */
  readonly user: string | null;
  readonly permissions: readonly string[];
}

/** An API key, without its text. Times are ISO 8601. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly owner: string | null;
  readonly scopes: readonly string[];
  /** How its text begins. */
  readonly prefix: string;
  readonly requests_per_minute: number | null;
  readonly tokens_per_minute: number | null;
  readonly max_concurrent: number | null;
  /** `normal` or `strict`; null where the configuration says it. */
  readonly audit: string | null;
  /** Whether what its calls ask and are answered is kept, sealed. */
  readonly capture_content: boolean;
  readonly created_at: string;
  readonly created_by: string;
  readonly expires_at: string | null;
  readonly previous_expires_at: string | null;
  readonly last_used_at: string | null;
  readonly revoked_at: string | null;
}

/** A key with its text, which is shown once. */
export type ShownKey = ApiKey & { readonly key: string };

/** What a new key is to be. With neither role nor scopes it calls models, or may what its owner may. */
export interface NewKey {
  readonly name: string;
  readonly owner?: string | undefined;
  readonly role?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly expires_at?: string | undefined;
  readonly requests_per_minute?: number | undefined;
  readonly tokens_per_minute?: number | undefined;
  readonly max_concurrent?: number | undefined;
  /** Calls are refused while they cannot be put on record with `strict`. */
  readonly audit?: string | undefined;
  /** Whether what its calls ask and are answered is kept, sealed. */
  readonly capture_content?: boolean | undefined;
}

export interface User {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly email: string | null;
  readonly role: string;
  readonly is_active: boolean;
  /** Limits of all keys of the user together; null where those of the configuration hold. */
  readonly requests_per_minute: number | null;
  readonly tokens_per_minute: number | null;
  readonly max_concurrent: number | null;
  readonly created_at: string;
}

export interface NewUser {
  readonly name: string;
  readonly role: string;
  /** `person`, the default, or `service_account`. */
  readonly kind?: string | undefined;
  readonly email?: string | undefined;
  readonly requests_per_minute?: number | undefined;
  readonly tokens_per_minute?: number | undefined;
  readonly max_concurrent?: number | undefined;
  /** Whether a key is made as well. The first user always gets one. */
  readonly with_key?: boolean | undefined;
}

/** What a login and each refresh give. */
export interface Tokens {
  /** Works wherever a key does. */
  readonly access_token: string;
  /** Seconds. */
  readonly expires_in: number;
  /** Gets the next ones, once. */
  readonly refresh_token: string;
  /** Seconds. */
  readonly refresh_expires_in: number;
}

/** What makes the first admin of a new server. */
export interface FirstAdmin {
  /** That the server printed when it started. */
  readonly token: string;
  readonly name: string;
  readonly password?: string | undefined;
}

export interface UserChange {
  readonly email?: string | null | undefined;
  readonly role?: string | undefined;
  readonly is_active?: boolean | undefined;
  /** Null takes a limit away, so that the configuration's holds. */
  readonly requests_per_minute?: number | null | undefined;
  readonly tokens_per_minute?: number | null | undefined;
  readonly max_concurrent?: number | null | undefined;
}
