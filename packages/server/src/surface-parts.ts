import type { Auditor } from "./control/auditor.ts";
import type { ReadCaller } from "./api/client-address.ts";
import type { InferenceParts } from "./api/inference.ts";
import type { Listener } from "./api/listener.ts";
import type { PlatformConfig } from "./config/schema.ts";
import type { AuditOperationParts } from "./control/audit.ts";
import type { BudgetPort } from "./control/budgets.ts";
import type { EventReader } from "./control/events.ts";
import type { Feed } from "./control/feed.ts";
import type { PriceOperationParts } from "./control/prices.ts";
import type { RoutePort } from "./control/routes/route-port.ts";
import type { SystemInfo } from "./control/system.ts";
import type { Tickets } from "./control/tickets.ts";
import type { Foundation } from "./foundation.ts";
import type { ModelDirectory } from "./gateway/model-directory.ts";
import type { Login } from "./login.ts";
import type { Manager } from "./manager/manager.ts";
import type { AuditLog } from "./store/audit-log.ts";
import type { AuditTable } from "./store/audit-table.ts";
import type { Backups } from "./store/backup/backups.ts";
import type { CallContent } from "./store/content/call-content.ts";
import type { Identity } from "./store/identity.ts";
import type { LedgerTable } from "./store/ledger-table.ts";
import type { PostgresKeeper } from "./store/postgres/postgres-store.ts";
import type { RequestLog } from "./store/request-log/request-log.ts";
import type { ResponseTable } from "./store/responses/response-table.ts";
import type { UsageSums } from "./store/usage-sums.ts";
import type { Vault } from "./store/vault.ts";
import type { PullHost } from "./open-pulls.ts";
import type { PullManager } from "./pulls/pull-manager.ts";
import type { OverviewParts } from "./overview-operations.ts";
import type { IntegrationRoster } from "./integration-roster.ts";
import type { SavedConfig } from "./saved-config.ts";
import type { ObservingParts } from "./observing-operations.ts";
import type { SharedRedis } from "./sharing/shared-redis.ts";
import type { PlatformLog } from "./telemetry/log.ts";
import type { LogTap } from "./telemetry/log-tap.ts";
import type { ProcessFigures, ProcessMetrics } from "./telemetry/process-metrics.ts";
import type { MetricRegistry } from "./telemetry/registry.ts";

/** What the surfaces and the operations are made of. */
export interface SurfaceParts
  extends Pick<Foundation, "metrics" | "tracing" | "workSpans">,
    Pick<ObservingParts, "alerts" | "logControl"> {
  readonly config: PlatformConfig;
  readonly listener: Listener;
  readonly inference: InferenceParts;
  readonly directory: ModelDirectory;
  readonly registry: MetricRegistry;
  readonly processMetrics: ProcessMetrics;
  /** Takes in what workers count, and resolves soon with Node's figures of them. */
  askWorkers(): Promise<readonly ProcessFigures[]>;
  readonly log: PlatformLog;
  readonly ledger: LedgerTable;
  readonly requestLog: RequestLog;
  readonly usage: UsageSums;
  readonly prices: Pick<PriceOperationParts, "prices" | "rows" | "keeper">;
  readonly budgets: BudgetPort;
  readonly routes: RoutePort;
  readonly identity: Identity;
  readonly auditTable: AuditTable;
  readonly auditLog: AuditLog;
  readonly checkSeals: AuditOperationParts["checkSeals"];
  readonly content: CallContent;
  readonly responses: ResponseTable;
  /** The chain of the audit log that this server writes. */
  readonly chain: string;
  readonly auditor: Auditor;
  readonly readCaller: ReadCaller;
  readonly login: Login;
  readonly savedConfig: SavedConfig;
  /** There once there is a manager. */
  roster(): IntegrationRoster;
  readonly vault: Vault;
  readonly backups: Backups;
  /** Undefined where none is configured. */
  readonly redis: SharedRedis | undefined;
  /** Undefined where the store is in the data folder. */
  readonly postgres: PostgresKeeper | undefined;
  readonly system: SystemInfo;
  /** What the server says of itself as a whole. */
  readonly overview: Pick<
    OverviewParts,
    "dataDirectory" | "postgres" | "secrets" | "settings" | "sharing" | "store"
  >;
  readonly events: EventReader;
  /** What can be followed, for every protocol that can push. */
  readonly feeds: readonly Feed[];
  readonly pulls: PullManager;
  readonly pulling: Pick<PullHost, "limiter" | "hub">;
  readonly tickets: Tickets;
  readonly logTap: LogTap;
  /** Aborted when the server is told to stop. */
  readonly stopping: AbortSignal;
  /** Whether the server takes calls. */
  isServing(): boolean;
  manager(): Manager;
}
