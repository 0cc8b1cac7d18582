import { PlatformError } from "@llm-platform/kit";
import type { RoutingConfig } from "../../core/routes.ts";
import { hasName, type StoredRoute } from "../../core/stored-route.ts";
import type { RouteRows } from "../../store/route-rows.ts";

/** The names that somebody has made, as operations see and change them. */
export interface RoutePort {
  /** All of them, as calls go by them. */
  readonly routing: RoutingConfig;
  readonly configured: RoutingConfig;
  readonly stored: readonly StoredRoute[];
  /** Runs `work` while nobody else changes them, on any replica; `stored` is what there is then. */
  change<Result>(names: readonly string[], work: (rows: RouteRows) => Promise<Result>): Promise<Result>;
}

/** Throws PlatformError `conflict` for a name of the configuration, and `not_found`. */
export function requireStored({ stored, configured }: RoutePort, model: string): StoredRoute {
  const found = stored.find((each) => each.model === model);
  if (found !== undefined) return found;
  if (hasName(configured, model)) throw refuseConfigured(configured, model);
  throw new PlatformError(
    "not_found",
    `No operator has made the name \`${model}\`. GET /api/v1/routes lists the names that there are.`,
    { field: "model" },
  );
}

/** What is said of a name that the configuration has. */
export function refuseConfigured(configured: RoutingConfig, model: string): PlatformError {
  const setting = Object.hasOwn(configured.aliases, model) ? "aliases" : "routes";
  return new PlatformError(
    "conflict",
    `The configuration has the name \`${model}\`, and stays stronger. Change it there, in \`routing.${setting}\`, and start anew; or choose another name.`,
    { field: "model" },
  );
}
