import { readFile } from "node:fs/promises";
import type { SecureVersion } from "node:tls";
import { type Log, type Problem, toPlatformError } from "@llm-platform/kit";
import { readTlsCredentials, type TlsCredentials, tlsFields, tlsProblems } from "../wire/tls-credentials.ts";

/** Where the port's certificate and key lie. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
  readonly clientAuthorities: string | undefined;
  readonly minVersion: SecureVersion;
}

export interface TlsSourceParts {
  readonly files: TlsFiles;
  readonly log: Log;
  /** Told when the certificate in use ends, as Unix time in seconds. */
  readonly expiry: { set(seconds: number): void };
  /** Reloads by how they went. */
  readonly reloads: Readonly<Record<"success" | "failure", { add(): void }>>;
  /** Time between two looks at the files. Default 10,000. */
  readonly lookEveryMs?: number;
}

/** The certificate and key of the port, which are read again when their files change. */
export interface TlsSource {
  readonly current: TlsCredentials;
  /** Calls `listen` with each new pair, which is in use from then on, until the result is called. */
  onRenewed(listen: (credentials: TlsCredentials) => void): () => void;
  stop(): void;
}

const defaultLookEveryMs = 10_000;

/**
 * Reads the files, and looks every ten seconds whether they say something else. Their content is compared and not their
 * time or place: so a link that is swapped, a copy that kept its time and a mount over the network are all seen.
 * @throws PlatformError `config_invalid` when the files cannot be used now
 */
export async function openTlsSource(parts: TlsSourceParts): Promise<TlsSource> {
  return new Source(parts, await readTlsFiles(parts.files));
}

/** Reads certificate and key once. Throws PlatformError `config_invalid`, which names the settings at fault. */
export async function readTlsFiles(files: TlsFiles): Promise<TlsCredentials> {
  const problems: Problem[] = [];
  const read = async (field: keyof typeof tlsFields, path: string): Promise<string> => {
    try {
      return await readFile(path, "utf8");
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "unknown reason";
      const message = code === "ENOENT" ? `there is no file ${path}` : `${path} cannot be read (${code})`;
      problems.push({ field: tlsFields[field], message });
      return "";
    }
  };
  const certificate = await read("certificate", files.certificate);
  const key = await read("key", files.key);
  const clientAuthorities =
    files.clientAuthorities === undefined
      ? undefined
      : await read("clientAuthorities", files.clientAuthorities);
  if (problems.length > 0) throw tlsProblems(problems);
  return readTlsCredentials({ certificate, key, clientAuthorities }, files.minVersion);
}

class Source implements TlsSource {
  readonly #parts: TlsSourceParts;
  readonly #listeners = new Set<(credentials: TlsCredentials) => void>();
  readonly #timer: NodeJS.Timeout;
  #current: TlsCredentials;
  #isLooking = false;
  #isStopped = false;
  /** What the last look found that cannot be used, and whether that was told. */
  #fault: { readonly text: string; isTold: boolean } | undefined;
  #toldAge: string | undefined;

  constructor(parts: TlsSourceParts, current: TlsCredentials) {
    this.#parts = parts;
    this.#current = current;
    this.#timer = setInterval(() => void this.#look(), parts.lookEveryMs ?? defaultLookEveryMs);
    this.#timer.unref();
    this.#noteAge();
  }

  get current(): TlsCredentials {
    return this.#current;
  }

  onRenewed(listen: (credentials: TlsCredentials) => void): () => void {
    this.#listeners.add(listen);
    return () => void this.#listeners.delete(listen);
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
  }

  /** Never rejects. A file system that hangs keeps the pair in use, and is not asked a second time meanwhile. */
  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const found = await readTlsFiles(this.#parts.files);
      this.#fault = undefined;
      if (!this.#isStopped && !isSame(found, this.#current)) this.#renew(found);
    } catch (error) {
      this.#noteFault(error);
    } finally {
      this.#isLooking = false;
    }
    this.#noteAge();
  }

  #renew(credentials: TlsCredentials): void {
    this.#current = credentials;
    this.#toldAge = undefined;
    for (const listen of this.#listeners) listen(credentials);
    this.#parts.reloads.success.add();
    this.#parts.log.info("tls.certificate_reloaded", { expires_at: toText(credentials.expiresAtMs) });
  }

  /** Two files are not replaced at one instant: only what is still wrong at the next look is told, once. */
  #noteFault(thrown: unknown): void {
    if (this.#isStopped) return;
    const error = toPlatformError(thrown);
    if (this.#fault?.text !== error.message) {
      this.#fault = { text: error.message, isTold: false };
      return;
    }
    if (this.#fault.isTold) return;
    this.#fault.isTold = true;
    this.#parts.reloads.failure.add();
    const inUse = `the one in use stays, until ${toText(this.#current.expiresAtMs)}`;
    this.#parts.log.error("tls.certificate_refused", { error, problems: error.problems, in_use: inUse });
  }

  #noteAge(): void {
    const { validFromMs, expiresAtMs } = this.#current;
    this.#parts.expiry.set(Math.floor(expiresAtMs / 1_000));
    const nowMs = Date.now();
    const age =
      nowMs > expiresAtMs
        ? "tls.certificate_expired"
        : nowMs < validFromMs
          ? "tls.certificate_not_yet_valid"
          : undefined;
    if (age !== undefined && age !== this.#toldAge)
      this.#parts.log.warn(age, { valid_from: toText(validFromMs), expires_at: toText(expiresAtMs) });
    this.#toldAge = age;
  }
}

function isSame(one: TlsCredentials, other: TlsCredentials): boolean {
  return (
    one.certificate === other.certificate &&
    one.key === other.key &&
    one.clientAuthorities === other.clientAuthorities
  );
}

function toText(ms: number): string {
  return new Date(ms).toISOString();
}
