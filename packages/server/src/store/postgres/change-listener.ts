import { randomUUID } from "node:crypto";
import type { Log } from "@llm-platform/kit";
import { type Kysely, sql } from "kysely";
import { Client } from "pg";
import type { ChangeListener, ChangeNotices, ChangeTopic, RemoteChange } from "../change-notices.ts";
import { guardStorageLater } from "../storage-error.ts";
import type { Tables } from "../tables.ts";
import { toClientOptions } from "./client-options.ts";
import { toPostgresError } from "./postgres-error.ts";
import type { PostgresSettings } from "./settings.ts";

export interface ChangeListenerParts {
  readonly settings: PostgresSettings;
  readonly database: Kysely<Tables>;
  readonly log: Log;
}

/** Notices by PostgreSQL's NOTIFY, on a connection that does nothing else. */
export interface PostgresNotices extends ChangeNotices {
  readonly isListening: boolean;
  /** Resolves when it listens, or has failed once. */
  begin(): Promise<void>;
  stop(): Promise<void>;
}

const channel = "llm_platform";
const pingEveryMs = 5_000;
const firstRetryMs = 250;
const lastRetryMs = 5_000;

/** While it cannot listen, changes of others are not heard; once it can again, everything counts as changed. */
export function createPostgresNotices(parts: ChangeListenerParts): PostgresNotices {
  return new Notices(parts);
}

class Notices implements PostgresNotices {
  readonly #parts: ChangeListenerParts;
  /** By which it knows its own notices. */
  readonly #sender = randomUUID();
  readonly #listeners = new Map<ChangeTopic, ChangeListener[]>();
  #client: Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #retryMs = firstRetryMs;
  #isStopped = false;
  #isLost = false;
  isListening = false;

  constructor(parts: ChangeListenerParts) {
    this.#parts = parts;
  }

  begin(): Promise<void> {
    return this.#connect();
  }

  announce(topic: ChangeTopic, name?: string): Promise<void> {
    const notice = JSON.stringify({ from: this.#sender, topic, name });
    return guardStorageLater(async () => {
      await sql`SELECT pg_notify(${channel}, ${notice})`.execute(this.#parts.database);
    });
  }

  onRemote(topic: ChangeTopic, listener: ChangeListener): void {
    this.#listeners.set(topic, [...(this.#listeners.get(topic) ?? []), listener]);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#close(this.#client);
  }

  async #connect(): Promise<void> {
    const { settings, log } = this.#parts;
    const { requestTimeoutMs } = settings;
    const client = new Client({ ...toClientOptions(settings), query_timeout: requestTimeoutMs });
    this.#client = client;
    client.on("error", (error) => this.#lose(client, error));
    client.on("end", () => this.#lose(client, new Error("the connection ended")));
    client.on("notification", ({ payload }) => this.#take(payload));
    try {
      await client.connect();
      await client.query(`LISTEN ${channel}`);
      if (this.#client !== client) return;
      const wasLost = this.#isLost;
      this.isListening = true;
      this.#isLost = false;
      this.#retryMs = firstRetryMs;
      this.#pingLater(client);
      if (!wasLost) return;
      log.info("database.listening_again");
      // Whatever was told while nobody listened was missed.
      for (const topic of this.#listeners.keys()) this.#tell(topic, { type: "missed" });
    } catch (error) {
      this.#lose(client, error);
    }
  }

  /** A connection that the other side has forgotten says nothing by itself. */
  #pingLater(client: Client): void {
    this.#timer = setTimeout(() => {
      client.query("SELECT 1").then(
        () => {
          if (this.#client === client) this.#pingLater(client);
        },
        (error: unknown) => this.#lose(client, error),
      );
    }, pingEveryMs).unref();
  }

  #lose(client: Client, error: unknown): void {
    if (this.#client !== client || this.#isStopped) return;
    this.#client = undefined;
    this.isListening = false;
    clearTimeout(this.#timer);
    if (!this.#isLost) this.#parts.log.warn("database.not_listening", { error: toPostgresError(error) });
    this.#isLost = true;
    void this.#close(client);
    this.#timer = setTimeout(() => void this.#connect(), this.#retryMs).unref();
    this.#retryMs = Math.min(lastRetryMs, this.#retryMs * 2);
  }

  async #close(client: Client | undefined): Promise<void> {
    // One that is lost already is closed without a word from the other side.
    await client?.end().catch(() => undefined);
  }

  #take(payload: string | undefined): void {
    const notice = parseNotice(payload ?? "");
    if (notice !== undefined && notice.from !== this.#sender)
      this.#tell(notice.topic, { type: "changed", name: notice.name });
  }

  #tell(topic: string, change: RemoteChange): void {
    for (const [each, listeners] of this.#listeners)
      if (each === topic) for (const listener of listeners) listener(change);
  }
}

/** Undefined for what is no notice of the platform: anybody who can write the database may send one. */
function parseNotice(
  payload: string,
): { readonly from: string; readonly topic: string; readonly name: string | undefined } | undefined {
  try {
    const value: unknown = JSON.parse(payload);
    if (typeof value !== "object" || value === null || !("from" in value) || !("topic" in value))
      return undefined;
    const name = "name" in value && typeof value.name === "string" ? value.name : undefined;
    return { from: String(value.from), topic: String(value.topic), name };
  } catch {
    return undefined;
  }
}
