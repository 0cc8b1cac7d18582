/** How the server's secrets are sealed. */
export interface SecretsStatus {
  /** Whether a master key is missing, so that the server does nothing else. */
  readonly sealed: boolean;
  /** `configuration`, `file` or `unseal`; null while there is no key. */
  readonly source: string | null;
  readonly keys: readonly {
    readonly id: string;
    /** `current`, `previous` or `missing`. */
    readonly state: string;
    /** How many secrets are sealed under it. */
    readonly secrets: number;
  }[];
}
