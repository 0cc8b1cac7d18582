/** How one call of the platform's API is made. */
export interface CallOptions {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly body?: object;
  /** What the answer is to be; default whatever the server likes. */
  readonly accept?: string;
  /** Undefined for no limit. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Whether the call goes on when the page that made it is left. Default: no. */
  readonly keepalive?: boolean;
}
