import type { Operation } from "./control/operation.ts";
import { routeOperations } from "./control/request-log/explain-route.ts";
import { requestOperations } from "./control/request-log/requests.ts";
import type { ModelDirectory } from "./gateway/model-directory.ts";
import type { Identity } from "./store/identity.ts";
import type { RequestLog } from "./store/request-log/request-log.ts";

/** What can be asked of calls that were made, and of one that could be. */
export function requestLogOperations(parts: {
  readonly requestLog: RequestLog;
  readonly identity: Identity;
  readonly directory: ModelDirectory;
}): readonly Operation[] {
  const { requestLog, identity, directory } = parts;
  return [
    ...requestOperations({ log: requestLog, identity }),
    ...routeOperations(directory, () => performance.now()),
  ];
}
