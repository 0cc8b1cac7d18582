import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Secret } from "@llm-platform/kit";
import { parseDatabaseUrl } from "../../packages/server/src/core/database-url.ts";
import { openPostgresStore } from "../../packages/server/src/store/postgres/postgres-store.ts";
import { openStore, type Store, type StoreOptions } from "../../packages/server/src/store/store.ts";
import { postgresProgram, startPostgres, type TestPostgres } from "../services/postgres.ts";

/** A place for the state of one test, which stores are opened on. */
export interface StorePlace {
  /** Opens it as a server does; `replica` is another server with the same database. */
  open(options?: Partial<StoreOptions>, replica?: string): Promise<Store>;
  /** Closes every store that is open. */
  closeAll(): Promise<void>;
  /** Runs SQL on the database as something would that knows nothing of the store. */
  tamper(sql: string): Promise<readonly unknown[]>;
  remove(): Promise<void>;
}

/** A kind of database that the platform runs on. */
export interface StoreEngine {
  readonly name: "sqlite" | "postgres";
  readonly isMissing: boolean;
  /** Once for a file of tests. */
  begin(): Promise<void>;
  createPlace(): Promise<StorePlace>;
  end(): Promise<void>;
}

export const sqlite: StoreEngine = {
  name: "sqlite",
  isMissing: false,
  begin: async () => undefined,
  end: async () => undefined,
  async createPlace() {
    const root = mkdtempSync(join(tmpdir(), "store-"));
    const data = join(root, "data");
    return createPlace(root, {
      open: (options) => openStore({ ...options, directory: data }),
      async tamper(sql) {
        const raw = new DatabaseSync(join(data, "platform.db"));
        try {
          return raw.prepare(sql).all();
        } finally {
          raw.close();
        }
      },
    });
  },
};

/** The settings of a store on a database of the tests. */
export function postgresSettings(url: string) {
  const address = parseDatabaseUrl(url);
  if ("problem" in address) throw new Error(address.problem);
  return {
    address,
    authorities: undefined,
    poolSize: 4,
    connectTimeoutMs: 2_000,
    requestTimeoutMs: 2_000,
    backgroundTimeoutMs: 10_000,
  };
}

export function createPostgresEngine(): StoreEngine & { readonly server: TestPostgres } {
  let server: TestPostgres | undefined;
  const running = () => {
    if (server === undefined) throw new Error("PostgreSQL was not started");
    return server;
  };
  return {
    name: "postgres",
    isMissing: postgresProgram === undefined,
    get server() {
      return running();
    },
    async begin() {
      server = await startPostgres();
    },
    end: async () => server?.stop(),
    async createPlace() {
      const root = mkdtempSync(join(tmpdir(), "store-"));
      const url = await running().createDatabase();
      const masterKeys = { current: new Secret(randomBytes(32).toString("base64")), previous: [] };
      const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
      return createPlace(root, {
        async open(options, replica) {
          const { store } = await openPostgresStore({
            keepEvents: 10_000,
            keepSums: { minuteDays: 2, hourDays: 90 },
            nowMs: Date.now,
            masterKeys,
            log,
            ...options,
            directory: join(root, replica),
            settings: postgresSettings(url),
          });
          return store;
        },
        tamper: (sql) => running().query(url, sql),
      });
    },
  };
}

interface PlaceParts {
  open(options: Partial<StoreOptions>, replica: string): Promise<Store>;
  tamper(sql: string): Promise<readonly unknown[]>;
}

function createPlace(root: string, { open, tamper }: PlaceParts): StorePlace {
  const stores: Store[] = [];
  async function closeAll(): Promise<void> {
    for (const store of stores.splice(0)) await store.close();
  }
  return {
    async open(options = {}, replica = "data") {
      const store = await open(options, replica);
      stores.push(store);
      return store;
    },
    closeAll,
    tamper,
    async remove() {
      await closeAll();
      rmSync(root, { recursive: true });
    },
  };
}

function ignore(): void {}
