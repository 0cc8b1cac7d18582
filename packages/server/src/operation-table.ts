import { accessOperations } from "./control/access.ts";
import { auditOperations } from "./control/audit.ts";
import { authOperations } from "./control/auth.ts";
import { backupOperations } from "./control/backups.ts";
import { budgetOperations } from "./control/budgets.ts";
import { eventOperations } from "./control/events.ts";
import { huggingFaceOperations } from "./control/huggingface.ts";
import { findUses } from "./control/integration-uses.ts";
import { integrationOperations } from "./control/integrations.ts";
import { keyOperations } from "./control/keys.ts";
import { ollamaOperations } from "./control/ollama.ts";
import type { Operation } from "./control/operation.ts";
import { pullOperations } from "./control/pulls.ts";
import { roleOperations } from "./control/roles.ts";
import { secretOperations } from "./control/secrets.ts";
import { sessionOperations } from "./control/sessions.ts";
import { setupOperations } from "./control/setup.ts";
import { priceOperations } from "./control/prices.ts";
import { teamOperations } from "./control/teams.ts";
import { contentOperations } from "./control/usage-content.ts";
import { repriceOperations } from "./control/usage-reprice.ts";
import { usageHistoryOperations } from "./control/usage-history.ts";
import { usageRecordOperations } from "./control/usage-records.ts";
import { usageSumOperations } from "./control/usage-sums.ts";
import { ticketOperations } from "./control/tickets.ts";
import { userAccessOperations } from "./control/user-access.ts";
import { userPasswordOperations } from "./control/user-passwords.ts";
import { userOperations } from "./control/users.ts";
import { modelManagement } from "./model-management.ts";
import { modelMemory } from "./model-memory.ts";
import { overviewOperations } from "./overview-operations.ts";
import { openHistory } from "./open-history.ts";
import { requestLogOperations } from "./request-log-operations.ts";
import { upkeepOperations } from "./upkeep-operations.ts";
import { toGatewaySettings } from "./settings-of.ts";
import type { Manager } from "./manager/manager.ts";
import type { SurfaceParts } from "./surface-parts.ts";

type OperationTableParts = Pick<
  SurfaceParts,
  | "alerts"
  | "askWorkers"
  | "auditLog"
  | "auditTable"
  | "backups"
  | "budgets"
  | "chain"
  | "checkSeals"
  | "config"
  | "content"
  | "directory"
  | "events"
  | "identity"
  | "ledger"
  | "listener"
  | "logControl"
  | "login"
  | "logTap"
  | "manager"
  | "overview"
  | "prices"
  | "processMetrics"
  | "pulling"
  | "pulls"
  | "registry"
  | "requestLog"
  | "roster"
  | "routes"
  | "savedConfig"
  | "system"
  | "tickets"
  | "usage"
  | "vault"
>;

/** The table of operations: everything that an operator can do. */
export function createOperations(parts: OperationTableParts): readonly Operation[] {
  const { config, directory, identity, login, listener, registry, savedConfig, events } = parts;
  const manager = parts.manager();
  const limitDefaults = () => toGatewaySettings(config).limits;
  const isConfigured = (name: string) => config.auth.api_keys.some((key) => key.name === name);
  return [
    ...integrationOperations({
      manager,
      registry,
      roster: parts.roster(),
      usesOf: (name) =>
        findUses(name, {
          integrations: manager.list().map((each) => manager.config(each.name)),
          routing: parts.routes.routing,
          budgets: parts.budgets.budgets,
        }),
      saveConfig: (name, patch) => savedConfig.save(name, patch),
    }),
    ...eventOperations(events),
    ...modelManagement({ manager, directory, dataDirectory: () => config.data_dir }),
    ...ollamaOperations(manager),
    ...pullOperations({ pulls: parts.pulls, ...parts.pulling }),
    ...huggingFaceOperations({ pulls: parts.pulls, ...parts.pulling, memoryBytes: modelMemory }),
    ...usageOperations(parts, manager),
    ...overviewOperations({ ...parts, ...parts.overview, manager }),
    ...accessOperations({ identity, limitDefaults, routes: () => listener.routes }),
    ...keyOperations({ identity, isConfigured }),
    ...userOperations({ identity, isConfigured }),
    ...userAccessOperations({ identity, limitDefaults }),
    ...sessionOperations({ identity, nowMs: Date.now }),
    ...teamOperations(identity),
    ...roleOperations(identity),
    ...auditOperations({ ...parts, table: parts.auditTable, log: parts.auditLog }),
    ...userPasswordOperations(login.operations),
    ...authOperations(login.operations),
    ...ticketOperations(parts.tickets),
    ...setupOperations(login.operations),
    ...secretOperations(parts.vault),
    ...backupOperations(parts.backups),
    ...upkeepOperations({ ...parts, manager }),
  ];
}

/** What was used, what it cost, and what it may cost. */
function usageOperations(parts: OperationTableParts, manager: Manager): readonly Operation[] {
  const { config, usage, prices, budgets: book, identity } = parts;
  return [
    ...usageSumOperations({ usage, nowMs: Date.now }),
    ...usageHistoryOperations({ usage, prometheus: openHistory(parts), nowMs: Date.now }),
    ...usageRecordOperations(parts.ledger),
    ...requestLogOperations(parts),
    ...contentOperations(parts.content),
    ...repriceOperations({ usage, prices: prices.prices, nowMs: Date.now }),
    ...priceOperations({ ...prices, usage, nowMs: Date.now }),
    ...budgetOperations({
      book,
      identity,
      isConfiguredKey: (id) => config.auth.api_keys.some(({ name }) => id === `config:${name}`),
      isIntegration: (name) => manager.list().some((each) => each.name === name),
      hasPrices: (currency) =>
        config.budgets.unknown_price !== undefined || prices.prices.ceiling(currency) !== undefined,
    }),
  ];
}
