import {
  ClientError,
  createClient,
  type OperationInput,
  type OperationName,
  type OperationOutput,
  type PageState,
  type PageToken,
  type PlatformClient,
} from "@llm-platform/client";

export type Caller = OperationOutput<"access.whoami">;

/** How the reader stands with the server. */
export type SessionState =
  | { readonly status: "starting" }
  | { readonly status: "unreachable" }
  | { readonly status: "out"; readonly wayIn: PageState }
  | { readonly status: "in"; readonly caller: Caller; readonly isOpen: boolean }
  /** The login is over; the page stays as it is until there is another. */
  | { readonly status: "expired"; readonly caller: Caller; readonly wayIn: PageState };

/** The one login of the page. Tokens are in its memory; what outlives a reload is in a cookie that no script can read. */
export interface Session {
  readonly state: SessionState;
  subscribe(listener: () => void): () => void;
  /** Looks how the reader stands; called first, and again when the server could not be reached. */
  start(): Promise<void>;
  /** Rejects with ClientError. */
  logIn(name: string, password: string): Promise<void>;
  /** Uses a key until the page is left. Rejects with ClientError. */
  useKey(key: string): Promise<void>;
  /** Makes the first admin of a new server, and logs in. Rejects with ClientError. */
  claim(admin: { readonly token: string; readonly name: string; readonly password: string }): Promise<void>;
  logOut(): Promise<void>;
  /** Runs an operation. Rejects with ClientError; when the login is over, it says so in `state` as well. */
  run<Name extends OperationName>(
    name: Name,
    input: OperationInput<Name>,
    options?: { readonly signal?: AbortSignal; readonly timeoutMs?: number | undefined },
  ): Promise<OperationOutput<Name>>;
  /** A ticket for one WebSocket; undefined where the server asks nobody who he is. Rejects with ClientError. */
  ticket(): Promise<string | undefined>;
  /** Everything else that the API has: streams of models, exports, backups. */
  readonly client: PlatformClient;
}

/** So long before its end a token is changed for the next. */
const marginMs = 60_000;
const lockName = "llmp.session";

export function createSession(url: string): Session {
  const bare = createClient({ url });
  const held: {
    state: SessionState;
    wayIn: PageState;
    key?: string | undefined;
    token?: { readonly text: string; readonly untilMs: number } | undefined;
    refreshing?: Promise<string | undefined> | undefined;
  } = { state: { status: "starting" }, wayIn: nobodyKnown };
  const listeners = new Set<() => void>();
  const client = createClient({ url, token });

  function become(state: SessionState): void {
    held.state = state;
    for (const listener of listeners) listener();
  }

  function keepToken({ access_token, expires_in }: PageToken): string {
    held.token = { text: access_token, untilMs: performance.now() + expires_in * 1_000 - marginMs };
    held.wayIn = { ...held.wayIn, has_session: true };
    return access_token;
  }

  async function token(): Promise<string | undefined> {
    if (held.key !== undefined) return held.key;
    if (held.token !== undefined && performance.now() < held.token.untilMs) return held.token.text;
    if (!held.wayIn.has_session) return undefined;
    held.refreshing ??= alone(() => bare.refreshSession())
      .then(keepToken, forgetWhenOver)
      .finally(() => {
        held.refreshing = undefined;
      });
    return held.refreshing;
  }

  /** A server that does not answer ends no login. */
  function forgetWhenOver(error: unknown): undefined {
    if (!isOver(error)) throw error;
    held.token = undefined;
    held.wayIn = { ...held.wayIn, has_session: false };
    return undefined;
  }

  function noteOver(): void {
    if (held.state.status !== "in") return;
    held.key = undefined;
    held.token = undefined;
    become({ status: "expired", caller: held.state.caller, wayIn: held.wayIn });
  }

  async function enter(): Promise<void> {
    const caller = await client.run("access.whoami", {});
    become({ status: "in", caller, isOpen: held.wayIn.is_open });
  }

  const session: Session = {
    get state() {
      return held.state;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async start() {
      try {
        held.wayIn = await bare.pageState();
        if (held.wayIn.is_open || (await token()) !== undefined) await enter();
        else become({ status: "out", wayIn: held.wayIn });
      } catch (error) {
        become(isOver(error) ? { status: "out", wayIn: held.wayIn } : { status: "unreachable" });
      }
    },
    async logIn(name, password) {
      const { refresh_token } = await bare.login(name, password);
      held.key = undefined;
      keepToken(await bare.keepSession(refresh_token));
      await enter();
    },
    async useKey(key) {
      const caller = await createClient({ url, apiKey: key }).run("access.whoami", {});
      held.key = key;
      become({ status: "in", caller, isOpen: false });
    },
    async claim({ token: setupToken, name, password }) {
      await bare.setUp({ token: setupToken, name, password });
      held.wayIn = { ...held.wayIn, needs_first_admin: false };
      await session.logIn(name, password);
    },
    async logOut() {
      try {
        if (held.wayIn.has_session) await bare.endSession();
      } finally {
        held.key = undefined;
        held.token = undefined;
        held.wayIn = { ...held.wayIn, has_session: false };
        become({ status: "out", wayIn: held.wayIn });
      }
    },
    async run(name, input, options) {
      try {
        return await client.run(name, input, options);
      } catch (error) {
        if (isOver(error)) noteOver();
        throw error;
      }
    },
    ticket: async () => (held.wayIn.is_open ? undefined : (await session.run("auth.ticket", {})).ticket),
    client,
  };
  return session;
}

const nobodyKnown: PageState = {
  is_open: false,
  needs_first_admin: false,
  providers: [],
  has_session: false,
};

function isOver(error: unknown): boolean {
  return error instanceof ClientError && error.status === 401;
}

/** Only one page of the browser at a time may show the cookie: shown twice, it ends the login. */
function alone<Result>(action: () => Promise<Result>): Promise<Result> {
  // Pages without TLS, but those of this machine, have no locks.
  if (!("locks" in navigator)) return action();
  return navigator.locks.request(lockName, action);
}
