import type { WayIn } from "./api/browser-login.ts";
import type { KeySource } from "./api/key-lookup.ts";
import type { PlatformConfig } from "./config/schema.ts";
import { needsCallers } from "./config/bind-guard.ts";
import type { AuthOperationParts } from "./control/auth.ts";
import { createAccessTokens } from "./control/login/access-token.ts";
import { type BrowserLogin, createBrowserLogin } from "./control/login/browser-login.ts";
import { createExternalTokens } from "./control/login/external-tokens.ts";
import { createExternalUsers } from "./control/login/external-users.ts";
import { createIdentityProvider } from "./control/login/identity-provider.ts";
import { createLoginGuard } from "./control/login/login-guard.ts";
import { createPasswordHasher } from "./control/login/password-hash.ts";
import { createSessions } from "./control/login/sessions.ts";
import { createSetup, setupMinutes } from "./control/login/setup.ts";
import { createSigningKeys, type SigningKeys } from "./control/login/signing-keys.ts";
import type { SetupOperationParts } from "./control/setup.ts";
import type { TicketHolder } from "./control/tickets.ts";
import { type KeyHolder, toTokenHolder, toUserHolder } from "./core/identity.ts";
import { toProviders } from "./settings-of.ts";
import type { Store } from "./store/store.ts";
import type { PlatformLog } from "./telemetry/log.ts";

/** Everything by which people log in. */
export interface Login {
  /** Lets go of what leads to others. */
  stop(): void;
  /** Who calls, by key or by token. */
  readonly callers: KeySource;
  /** Who holds a ticket, as of now; undefined when what it was got by works no longer. Rejects with PlatformError `unavailable`. */
  findHolder(holder: TicketHolder): Promise<KeyHolder | undefined>;
  readonly signingKeys: SigningKeys;
  readonly operations: AuthOperationParts & SetupOperationParts;
  readonly browser: BrowserLogin;
  wayIn(): WayIn;
}

const dayMs = 86_400_000;
const nowMs = () => Date.now();

/** Touches neither the database nor a key before it is asked to. */
export function createLogin(
  config: Pick<PlatformConfig, "environment" | "server" | "auth" | "prometheus">,
  parts: Pick<Store, "identity" | "signingKeys" | "vault" | "changes"> & { readonly log: PlatformLog },
): Login {
  const { identity, signingKeys: table, vault, log } = parts;
  const { issuer, access_seconds, refresh_seconds, signing_key_days } = config.auth.tokens;
  const accessMs = access_seconds * 1_000;
  const signingKeys = createSigningKeys({
    table,
    vault,
    changes: parts.changes,
    nowMs,
    rotateAfterMs: signing_key_days * dayMs,
    keepMs: accessMs,
  });
  const tokens = createAccessTokens({ keys: signingKeys, issuer, lifetimeMs: accessMs, nowMs });
  const sessions = createSessions({ identity, tokens, accessMs, refreshMs: refresh_seconds * 1_000, nowMs });
  const findMember = async (id: string) => {
    const user = await identity.users.find(id);
    return user === undefined ? undefined : identity.toMember(user);
  };
  const providers = toProviders(config).map((settings) =>
    createIdentityProvider({ settings, nowMs: () => performance.now(), wallMs: nowMs }),
  );
  const users = createExternalUsers({ identity, log, nowMs });
  const external = createExternalTokens(providers, users);
  const isOpen = () => !needsCallers(config) && !identity.hasUsers && config.auth.api_keys.length === 0;
  const isSetUp = () => identity.hasUsers || config.auth.api_keys.length > 0 || !needsCallers(config);
  return {
    stop() {
      for (const provider of providers) provider.stop();
    },
    callers: {
      get hasUsers() {
        return identity.hasUsers;
      },
      findKey: (sha256) => identity.findKey(sha256),
      async findToken(token) {
        const facts = await tokens.verify(token);
        if (facts === undefined) return external.find(token);
        const session = await identity.sessions.find(facts.sessionId);
        return toTokenHolder({ session, member: await findMember(facts.userId) }, facts.expiresAtMs);
      },
      onChange: (listener) => identity.onChange(listener),
    },
    async findHolder({ by, id, sessionId = "" }) {
      if (by === "key") return identity.findKeyById(id);
      const member = await findMember(id);
      if (by === "user") return toUserHolder(member, Number.POSITIVE_INFINITY);
      const session = await identity.sessions.find(sessionId);
      return toTokenHolder({ session, member }, session?.expiresAtMs ?? 0);
    },
    signingKeys,
    browser: createBrowserLogin({ providers, users }),
    wayIn: () => ({ isOpen: isOpen(), needsFirstAdmin: !isSetUp() }),
    operations: {
      identity,
      hasher: createPasswordHasher(),
      guard: createLoginGuard(() => performance.now()),
      sessions,
      setup: createSetup({ isSetUp, nowMs: () => performance.now() }),
    },
  };
}

/** Tells how a server that nobody can manage yet gets its first admin. */
export function offerSetup(
  { operations }: Login,
  { url, log, tell }: { readonly url: string; readonly log: PlatformLog; tell(text: string): void },
): void {
  const token = operations.setup.open();
  if (token === undefined) return;
  log.warn("setup.waiting", {
    minutes: setupMinutes,
    remedy: "Nobody is known here yet. Make the first admin with the set-up token on standard error.",
  });
  tell(`Make the first admin within ${setupMinutes} minutes: llmp setup NAME --token ${token} --url ${url}`);
}
