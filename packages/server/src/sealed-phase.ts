import type { Authenticator } from "./api/authenticate.ts";
import type { ReadCaller } from "./api/client-address.ts";
import type { Listener } from "./api/listener.ts";
import { createRestServer } from "./api/rest/server.ts";
import { createSealedMount } from "./api/sealed.ts";
import type { PlatformConfig } from "./config/schema.ts";
import type { Auditor } from "./control/auditor.ts";
import { secretOperations } from "./control/secrets.ts";
import { platformEntry } from "./core/audit-record.ts";
import type { AuditLog } from "./store/audit-log.ts";
import { sealedMessage, type Vault } from "./store/vault.ts";
import type { PlatformLog } from "./telemetry/log.ts";

interface SealedPhaseParts {
  readonly store: { readonly vault: Vault };
  readonly auditor: Auditor;
  readonly audit: Pick<AuditLog, "appendOrKeep">;
  readonly readCaller: ReadCaller;
  readonly listener: Listener;
  readonly authenticator: Authenticator;
  readonly log: PlatformLog;
  /** Where it listens, for the log. */
  readonly url: string;
}

/**
 * Begins once the missing master key has come, and resolves when that is over. What fails then ends the process, as it
 * would have at its start.
 */
export async function beginUnsealed(parts: SealedPhaseParts, begin: () => Promise<void>): Promise<void> {
  try {
    await serveSealed(parts);
    await begin();
  } catch (error) {
    setImmediate(() => {
      throw error;
    });
  }
}

/**
 * A key that lies beside what it seals protects against nobody who gets the whole folder. With a database of its own it is
 * not beside it, but in one server's folder, where no other replica finds it.
 */
export async function warnOfKeyFile(vault: Vault, config: PlatformConfig, log: PlatformLog): Promise<void> {
  const isShared = config.database.url !== undefined;
  if ((config.environment !== "production" && !isShared) || (await vault.status()).source !== "file") return;
  if (isShared) {
    log.warn("secrets.key_of_one_server", {
      remedy:
        "The master key lies in the data folder of this server; another replica is sealed without it, and without the folder the secrets are lost. Set LLM_PLATFORM_SECRETS__MASTER_KEY or LLM_PLATFORM_SECRETS__MASTER_KEY_FILE to the text of master.key on every replica.",
    });
    return;
  }
  log.warn("secrets.key_beside_data", {
    remedy:
      "The master key lies in the data folder, beside what it seals. Keep it elsewhere: set LLM_PLATFORM_SECRETS__MASTER_KEY or LLM_PLATFORM_SECRETS__MASTER_KEY_FILE to its text, restart, and delete master.key once `llmp secrets status` says `configuration`. Back it up apart from the data.",
  });
}

/** While a master key is missing, serves what helps and refuses the rest. Resolves when it is not missing any more. */
async function serveSealed(parts: SealedPhaseParts): Promise<void> {
  const { auditor, audit, readCaller, listener, authenticator, log, url } = parts;
  const { vault } = parts.store;
  const secrets = await createRestServer({
    operations: secretOperations(vault),
    authenticator,
    auditor,
    readCaller,
    log,
    streams: [],
  });
  const unmount = listener.mount(createSealedMount({ message: sealedMessage, secrets }));
  const { keys } = await vault.status();
  const missing = keys.filter(({ state }) => state === "missing");
  const after = { missing_key_ids: missing.map(({ id }) => id) };
  void audit.appendOrKeep(platformEntry("secrets.sealed", Date.now(), { outcome: "failed", after }));
  log.error("platform.sealed", { url, remedy: sealedMessage });
  await vault.whenUnsealed;
  log.info("platform.unsealed");
  unmount();
  await secrets.stop();
}
