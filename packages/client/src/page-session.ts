import type { CallOptions } from "./call-options.ts";

/** An access token, whose login is kept in a cookie that no script can read. */
export interface PageToken {
  readonly access_token: string;
  /** Seconds. */
  readonly expires_in: number;
}

/** What a page has to know before its user logs in. */
export interface PageState {
  /** Whether nobody has to log in. */
  readonly is_open: boolean;
  /** Whether the set-up token is still to be used. */
  readonly needs_first_admin: boolean;
  /** Names of identity providers at which a browser can log in. */
  readonly providers: readonly string[];
  /** Whether the browser has the cookie of a login. */
  readonly has_session: boolean;
}

/** Calls for pages of the server itself: their login outlives a reload, and they never hold the refresh token for long. */
export interface PageSessionCalls {
  /** Rejects with ClientError, as all do. */
  pageState(): Promise<PageState>;
  /** Changes a refresh token for the cookie. It is `auth` for a token that works no longer. */
  keepSession(refreshToken: string): Promise<PageToken>;
  /**
   * The next access token of the cookie's login. One call at a time may be under way in all pages of a browser: a cookie
   * that is shown twice ends its login.
   */
  refreshSession(): Promise<PageToken>;
  /** Ends the cookie's login. */
  endSession(): Promise<void>;
  /** The console as the server has it now: its page, which names its scripts. */
  consolePage(): Promise<string>;
}

interface PageSessionParts {
  call<Output>(path: string, options?: CallOptions): Promise<Output>;
  send(path: string, options: CallOptions): Promise<Response>;
}

const path = "/api/v1/auth/session";

export function createPageSessionCalls({ call, send }: PageSessionParts): PageSessionCalls {
  // What has begun goes on when the page is left: else the cookie would be used and the next one lost.
  const options: CallOptions = { method: "POST", keepalive: true };
  return {
    pageState: () => call(`${path}/state`),
    keepSession: (refreshToken) =>
      call(`${path}/keep`, { ...options, body: { refresh_token: refreshToken } }),
    refreshSession: () => call(`${path}/refresh`, options),
    async endSession() {
      await call(`${path}/logout`, options);
    },
    consolePage: async () => (await send("/console/", { accept: "text/html", timeoutMs: 10_000 })).text(),
  };
}
