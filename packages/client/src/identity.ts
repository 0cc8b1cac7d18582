/** Who the caller is. */
export interface Caller {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  /** Id of the user whose key it is; null for a key of nobody. */
  readonly user: string | null;
  /** Null for a key of nobody. */
  readonly role: string | null;
  readonly team: { readonly id: string; readonly name: string } | null;
  readonly permissions: readonly string[];
  /** What holds for the key, for its owner and for the owner's team. */
  readonly limits: readonly (ShownLimits & { readonly scope: string })[];
}

/** Null for none. */
export interface ShownLimits {
  readonly requests_per_minute: number | null;
  readonly tokens_per_minute: number | null;
  /** Calls at once. */
  readonly max_concurrent: number | null;
}

export interface NewLimits {
  readonly requests_per_minute?: number | undefined;
  readonly tokens_per_minute?: number | undefined;
  readonly max_concurrent?: number | undefined;
}

/** Null takes a limit away. */
export interface LimitChange {
  readonly requests_per_minute?: number | null | undefined;
  readonly tokens_per_minute?: number | null | undefined;
  readonly max_concurrent?: number | null | undefined;
}

/** An API key, without its text. Times are ISO 8601. */
export interface ApiKey extends ShownLimits {
  readonly id: string;
  readonly name: string;
  readonly owner: string | null;
  readonly scopes: readonly string[];
  /** How its text begins. */
  readonly prefix: string;
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
export interface NewKey extends NewLimits {
  readonly name: string;
  readonly owner?: string | undefined;
  readonly role?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly expires_at?: string | undefined;
  /** With `strict` calls are refused while they cannot be put on record. */
  readonly audit?: string | undefined;
  /** Whether what its calls ask and are answered is kept, sealed. */
  readonly capture_content?: boolean | undefined;
}

export interface KeyChange extends LimitChange {
  readonly name?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  /** Null for a key that does not expire. */
  readonly expires_at?: string | null | undefined;
}

/** Limits are of all keys of the user together; null where those of the configuration hold. */
export interface User extends ShownLimits {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly email: string | null;
  readonly role: string;
  /** Id of the team; null for none. */
  readonly team: string | null;
  readonly is_active: boolean;
  readonly created_at: string;
}

export interface NewUser extends NewLimits {
  readonly name: string;
  readonly role: string;
  /** `person`, the default, or `service_account`. */
  readonly kind?: string | undefined;
  readonly email?: string | undefined;
  /** Id of a team. */
  readonly team?: string | undefined;
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

/** A limit that is null is the configuration's again. */
export interface UserChange extends LimitChange {
  readonly email?: string | null | undefined;
  readonly role?: string | undefined;
  /** Null for no team. */
  readonly team?: string | null | undefined;
  readonly is_active?: boolean | undefined;
}

/** Users who share limits. */
export interface Team extends ShownLimits {
  readonly id: string;
  readonly name: string;
  readonly created_at: string;
}

export interface NewTeam extends NewLimits {
  readonly name: string;
}

export interface TeamChange extends LimitChange {
  readonly name?: string | undefined;
}

export interface Role {
  readonly name: string;
  readonly description: string;
  /** Whether every platform has it. It cannot be changed, then. */
  readonly is_built_in: boolean;
  readonly permissions: readonly string[];
  /** Null for one that is built in. */
  readonly created_at: string | null;
}

export interface NewRole {
  readonly name: string;
  readonly description?: string | undefined;
  readonly permissions: readonly string[];
}

export interface RoleChange {
  readonly description?: string | undefined;
  readonly permissions?: readonly string[] | undefined;
}
