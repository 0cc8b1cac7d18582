import type { Secret } from "@llm-platform/kit";

/** How Redis is reached. */
export interface RedisSettings {
  /** `redis://` or `rediss://`; user, password and database may stand in it. */
  readonly url: Secret;
  /** These win over what stands in the address. */
  readonly username: string | undefined;
  readonly password: Secret | undefined;
  readonly database: number | undefined;
  /** Issuers in PEM that the server's certificate must come from; undefined: those that Node trusts. */
  readonly certificateAuthorities: string | undefined;
  /** Before the name of every key. */
  readonly keyPrefix: string;
  /** How long a command may take that a call waits for. */
  readonly commandTimeoutMs: number;
  readonly connectTimeoutMs: number;
}
