import type { Operation } from "./control/operation.ts";
import { requestOperations } from "./control/request-log/requests.ts";
import { type RouteOperationParts, routeOperations } from "./control/routes/routes.ts";
import type { PlatformConfig } from "./config/schema.ts";
import { toGatewaySettings } from "./settings-of.ts";
import type { Identity } from "./store/identity.ts";
import type { RequestLog } from "./store/request-log/request-log.ts";

interface RequestLogParts extends Pick<RouteOperationParts, "directory" | "registry" | "askWorkers"> {
  readonly routes: RouteOperationParts["book"];
  readonly config: PlatformConfig;
  readonly requestLog: RequestLog;
  readonly identity: Identity;
}

/** What can be asked of calls that were made, and of one that could be. */
export function requestLogOperations(parts: RequestLogParts): readonly Operation[] {
  const { config, requestLog, identity, directory, registry, routes, askWorkers } = parts;
  return [
    ...requestOperations({ log: requestLog, identity }),
    ...routeOperations({
      directory,
      book: routes,
      registry,
      askWorkers,
      settings: () => toGatewaySettings(config),
      monotonicMs: () => performance.now(),
    }),
  ];
}
