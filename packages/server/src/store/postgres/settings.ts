import type { DatabaseAddress } from "../../core/database-url.ts";

/** How PostgreSQL is reached, and how long it may take. Times in milliseconds. */
export interface PostgresSettings {
  readonly address: DatabaseAddress;
  /** Certificates in PEM of the authorities that the server's must come from; undefined for those that Node trusts. */
  readonly authorities: string | undefined;
  /** Connections for what requests wait for; five more do what nobody waits for. */
  readonly poolSize: number;
  readonly connectTimeoutMs: number;
  /** How long a statement may take that a request waits for. */
  readonly requestTimeoutMs: number;
  /** How long any other statement may take. */
  readonly backgroundTimeoutMs: number;
}
