import type { IntegrationDefinition } from "@llm-platform/kit";
import { graphMount } from "./api/graphql/mount.ts";
import type { ReadCaller } from "./api/client-address.ts";
import type { InferenceParts } from "./api/inference.ts";
import type { Listener } from "./api/listener.ts";
import { createLazySurface } from "./api/lazy-surface.ts";
import { createModelCaller } from "./api/model-caller.ts";
import { createSurfaceIntegration, type OpenSurface } from "./api/surface-integration.ts";
import type { PlatformConfig } from "./config/schema.ts";
import type { Auditor } from "./control/auditor.ts";
import type { Feed } from "./control/feed.ts";
import type { Operation } from "./control/operation.ts";
import type { PlatformLog } from "./telemetry/log.ts";

export interface GraphqlParts {
  readonly config: Pick<PlatformConfig, "graphql">;
  readonly listener: Listener;
  readonly inference: InferenceParts;
  readonly auditor: Auditor;
  readonly readCaller: ReadCaller;
  readonly log: PlatformLog;
  readonly feeds: readonly Feed[];
  operations(): readonly Operation[];
}

/** The GraphQL API as an integration. */
export function createGraphqlIntegration(parts: GraphqlParts): IntegrationDefinition<object> {
  const { config, listener } = parts;
  return createSurfaceIntegration({
    id: "graphql",
    type: "api",
    summary: "The GraphQL API at /graphql.",
    listener,
    open: async () => {
      // A file of operations that cannot be read is told at the start.
      if (config.graphql.persisted_operations !== undefined) return open(parts);
      return createLazySurface({
        ...graphMount,
        takesUpgrades: true,
        open: () => open(parts),
        log: parts.log,
      });
    },
  });
}

async function open({ config, inference, ...parts }: GraphqlParts): Promise<OpenSurface> {
  const { openGraphSurface } = await import("./api/graphql/surface.ts");
  const { authenticator, readAddress, gateway } = inference;
  const { persisted_operations: path, persisted_only: isOnly } = config.graphql;
  return openGraphSurface({
    ...parts,
    operations: parts.operations(),
    modelCaller: createModelCaller({ gateway }),
    authenticator,
    readAddress,
    persisted: { path, isOnly },
  });
}
