import { PlatformError } from "@llm-platform/kit";
import { orderTargets } from "../core/routes.ts";
import type { GatewayCall } from "./gateway-call.ts";
import { lookUpRoute, type ModelDirectory, refuseAbsent } from "./model-directory.ts";
import type { Stage } from "./stage.ts";

/** Finds the targets of a call's model, in the order in which they are tried. */
export function createRouting(directory: ModelDirectory, random: () => number): Stage {
  function findTargets(call: GatewayCall): readonly string[] {
    call.route = lookUpRoute(directory, call.askedName);
    const targets = orderTargets(call.route, random());
    const { snapshot } = directory;
    if (!targets.some((id) => snapshot.targets.has(id))) {
      refuseAbsent(snapshot, targets);
      throw new PlatformError(
        "model_not_found",
        `No integration offers what the model \`${call.head.model}\` stands for (${targets.join(", ")}).`,
        {
          field: "model",
        },
      );
    }
    return withoutClosed(targets, call);
  }

  return (next) => (call) => {
    try {
      call.targets = findTargets(call);
      if (call.trace !== undefined) call.trace.routedAtMs = performance.now();
    } catch (error) {
      return Promise.reject(error);
    }
    return next(call);
  };
}

/** Leaves out integrations whose budgets have no room for the call. */
function withoutClosed(targets: readonly string[], call: GatewayCall): readonly string[] {
  const closed = call.limit?.budget?.closed ?? [];
  if (closed.length === 0) return targets;
  const isClosed = (id: string) => closed.some((integration) => id.startsWith(`${integration}/`));
  call.closedTargets = targets.filter(isClosed);
  return targets.filter((id) => !isClosed(id));
}
