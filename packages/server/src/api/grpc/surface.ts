import type { Feed } from "../../control/feed.ts";
import type { Operation } from "../../control/operation.ts";
import type { InferenceParts } from "../inference.ts";
import { createModelCaller } from "../model-caller.ts";
import type { GrpcMethod } from "./method.ts";
import { createGrpcServer, type GrpcServer, type GrpcServerParts } from "./server.ts";
import { type HealthParts, healthMethods } from "./services/health.ts";
import { inferenceMethods, type InferenceServiceParts } from "./services/inference.ts";
import { integrationMethods } from "./services/integrations.ts";
import { metricMethods } from "./services/metrics.ts";
import { modelMethods } from "./services/models.ts";
import { createOperationTable } from "./services/operation-table.ts";
import { operationMethods } from "./services/operations.ts";
import { reflectionMethods } from "./services/reflection.ts";

export interface GrpcSurfaceParts extends Omit<GrpcServerParts, "methods"> {
  readonly gateway: InferenceParts["gateway"];
  readonly directory: InferenceServiceParts["directory"];
  readonly operations: readonly Operation[];
  readonly feeds: readonly Feed[];
  readonly health: Omit<HealthParts, "services">;
  /** Whether clients may ask what can be asked. */
  readonly hasReflection: boolean;
}

/** The platform over gRPC, not listening yet. */
export function createGrpcSurface(parts: GrpcSurfaceParts): GrpcServer {
  const { gateway, directory, operations, feeds, health, hasReflection } = parts;
  const table = createOperationTable(operations, feeds);
  const methods = [
    ...inferenceMethods({ models: createModelCaller({ gateway }), directory }),
    ...modelMethods(table),
    ...integrationMethods(table),
    ...metricMethods(table),
    ...operationMethods(table),
  ];
  const services = servicesOf(methods);
  const all = [...methods, ...healthMethods({ ...health, services })];
  const reflection = hasReflection ? reflectionMethods(servicesOf(all)) : [];
  return createGrpcServer({ ...parts, methods: [...all, ...reflection] });
}

function servicesOf(methods: readonly GrpcMethod[]): readonly string[] {
  return [...new Set(methods.map(({ service }) => service))];
}
