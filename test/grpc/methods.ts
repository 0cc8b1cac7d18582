import { HealthDefinition } from "../../packages/server/src/api/grpc/generated/grpc/health/v1/health.ts";
import { ServerReflectionDefinition } from "../../packages/server/src/api/grpc/generated/grpc/reflection/v1/reflection.ts";
import {
  InferenceDefinition,
  IntegrationsDefinition,
  MetricsDefinition,
  ModelsDefinition,
  OperationsDefinition,
} from "../../packages/server/src/api/grpc/generated/platform.ts";

const inference = InferenceDefinition;
const models = ModelsDefinition;
const integrations = IntegrationsDefinition;
const operations = OperationsDefinition;
const health = HealthDefinition;

/** Every method, as clients of tests ask for it. */
export const grpc = {
  chat: { service: inference, type: inference.methods.chat },
  chatStream: { service: inference, type: inference.methods.chatStream },
  complete: { service: inference, type: inference.methods.complete },
  embed: { service: inference, type: inference.methods.embed },
  listModels: { service: inference, type: inference.methods.listModels },
  models: {
    list: { service: models, type: models.methods.list },
    show: { service: models, type: models.methods.show },
    pull: { service: models, type: models.methods.pull },
    load: { service: models, type: models.methods.load },
    unload: { service: models, type: models.methods.unload },
    delete: { service: models, type: models.methods.delete },
  },
  integrations: {
    list: { service: integrations, type: integrations.methods.list },
    get: { service: integrations, type: integrations.methods.get },
    restart: { service: integrations, type: integrations.methods.restart },
    configure: { service: integrations, type: integrations.methods.configure },
    watchEvents: { service: integrations, type: integrations.methods.watchEvents },
  },
  metrics: { service: MetricsDefinition, type: MetricsDefinition.methods.stream },
  operations: {
    list: { service: operations, type: operations.methods.list },
    call: { service: operations, type: operations.methods.call },
    follow: { service: operations, type: operations.methods.follow },
  },
  health: {
    check: { service: health, type: health.methods.check },
    list: { service: health, type: health.methods.list },
    watch: { service: health, type: health.methods.watch },
  },
  reflection: {
    service: ServerReflectionDefinition,
    type: ServerReflectionDefinition.methods.serverReflectionInfo,
  },
} as const;

/** Names of every service. */
export const grpcServices: ReadonlySet<string> = new Set([
  ...[inference, models, integrations, MetricsDefinition, operations, health, ServerReflectionDefinition].map(
    ({ fullName }) => fullName,
  ),
  "grpc.reflection.v1alpha.ServerReflection",
]);
