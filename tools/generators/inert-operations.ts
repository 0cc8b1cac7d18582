import type { Feed } from "../../packages/server/src/control/feed.ts";
import type { Operation } from "../../packages/server/src/control/operation.ts";
import { createFeeds } from "../../packages/server/src/feeds.ts";
import { createOperations } from "../../packages/server/src/operation-table.ts";

/** The table of operations as it is, over parts that do nothing: to be read, not to be run. */
export function readOperations(): readonly Operation[] {
  return createOperations({
    auditLog: inert("auditLog"),
    auditTable: inert("auditTable"),
    content: inert("content"),
    chain: "",
    checkSeals: () => Promise.reject(new Error("there is no ledger")),
    config: inert("config"),
    identity: inert("identity"),
    login: {
      stop: () => undefined,
      callers: inert("callers"),
      findHolder: () => Promise.reject(new Error("there are no tickets")),
      browser: inert("browser"),
      wayIn: () => ({ isOpen: false, needsFirstAdmin: false }),
      signingKeys: inert("signingKeys"),
      operations: {
        identity: inert("identity"),
        hasher: inert("hasher"),
        guard: inert("guard"),
        sessions: inert("sessions"),
        setup: inert("setup"),
      },
    },
    directory: inert("directory"),
    listener: inert("listener"),
    registry: inert("registry"),
    savedConfig: inert("savedConfig"),
    roster: () => inert("roster"),
    vault: inert("vault"),
    backups: inert("backups"),
    events: inert("events"),
    system: inert("system"),
    ledger: inert("ledger"),
    requestLog: inert("requestLog"),
    usage: inert("usage"),
    prices: { prices: inert("prices"), rows: inert("rows"), keeper: inert("keeper") },
    budgets: inert("budgets"),
    routes: inert("routes"),
    pulls: inert("pulls"),
    pulling: { limiter: inert("limiter"), hub: () => inert("hub") },
    tickets: inert("tickets"),
    alerts: inert("alerts"),
    askWorkers: () => Promise.reject(new Error("there are no workers")),
    logControl: inert("logControl"),
    logTap: inert("logTap"),
    processMetrics: inert("processMetrics"),
    overview: {
      dataDirectory: "",
      postgres: undefined,
      secrets: inert("secrets"),
      settings: inert("settings"),
      sharing: inert("sharing"),
      store: inert("store"),
    },
    manager: () => inert("manager"),
  });
}

/** The table of feeds, in the same way. */
export function readFeeds(): readonly Feed[] {
  return createFeeds({
    events: inert("events"),
    directory: inert("directory"),
    registry: inert("registry"),
    askWorkers: () => Promise.reject(new Error("there are no workers")),
    pulls: inert("pulls"),
    manager: () => inert("manager"),
    log: inert("log"),
    store: { requestLog: inert("requestLog"), identity: inert("identity") },
  });
}

function inert<Part extends object>(name: string): Part {
  const refuse = (): never => {
    throw new Error(`${name} is not there while operations are only read`);
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every use of it throws, so that no member is ever of a wrong type
  return new Proxy({}, { get: refuse }) as Part;
}
