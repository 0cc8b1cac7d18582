import type { IntegrationConfig, IntegrationDefinition } from "@llm-platform/kit";
import { createAnthropicSurface, modelFormatOf } from "./anthropic-surface.ts";
import { createBrowserLoginMount } from "./api/browser-login.ts";
import { createJwksMount } from "./api/jwks.ts";
import { createInferenceHandler, mountInference } from "./api/inference.ts";
import { createLazySurface } from "./api/lazy-surface.ts";
import { mcpMount } from "./api/mcp/mount.ts";
import type { Mount } from "./api/listener.ts";
import { ollamaDialect } from "./api/ollama/dialect.ts";
import { createOllamaSurface } from "./ollama-surface.ts";
import { createOpenAiMount } from "./api/openai/surface.ts";
import { createResourceMetadataMount } from "./api/resource-metadata.ts";
import { createBackupStream } from "./api/rest/backup-stream.ts";
import { createEventStream } from "./api/rest/event-stream.ts";
import { createModelWorkStreams } from "./api/rest/model-work-stream.ts";
import { createPullProgress } from "./api/rest/pull-progress.ts";
import { createPullRoute } from "./api/rest/pull-stream.ts";
import { createRestServer } from "./api/rest/server.ts";
import { createRequestStream } from "./api/rest/request-stream.ts";
import { createUsageExport } from "./api/rest/usage-export.ts";
import { createSurfaceIntegration } from "./api/surface-integration.ts";
import { createGrpcIntegration } from "./grpc-surface.ts";
import { modelPlatformOf } from "./control/models.ts";
import type { Operation } from "./control/operation.ts";
import { createPostgresIntegration } from "./store/postgres/integration.ts";
import { pullAbility } from "./ollama-pull.ts";
import { createConsoleIntegration } from "./console-surface.ts";
import { createGraphqlIntegration } from "./graphql-surface.ts";
import { createMetricsSurface } from "./metrics-surface.ts";
import { createOpenTelemetryIntegration, toOpenTelemetrySettings } from "./opentelemetry.ts";
import { createRedisIntegration } from "./redis-integration.ts";
import { toPublicAddress } from "./settings-of.ts";
import { traceOperations } from "./traced-work.ts";
import { createWebSocketIntegration } from "./websocket-surface.ts";
import { createOperations } from "./operation-table.ts";
import type { SurfaceParts } from "./surface-parts.ts";

/** What the platform offers, and what its replicas share, as integrations like any other. */
export interface Surfaces {
  readonly definitions: readonly IntegrationDefinition[];
  readonly configs: readonly IntegrationConfig[];
}

/** What is not in this process is looked at more often. */
const serviceProbeSeconds = 10;
const closeNothing = async () => undefined;

export function createSurfaces(parts: SurfaceParts): Surfaces {
  const { config, listener, inference, directory } = parts;
  const made: { table?: readonly Operation[] } = {};
  // Made when the first surface starts, which is when there is a manager; one for all of them.
  const operations = () => (made.table ??= traceOperations(createOperations(parts), parts.workSpans));
  const always = (mount: () => Mount) => async () => ({ mount: mount(), close: closeNothing });
  const definitions = [
    createSurfaceIntegration({
      id: "rest-api",
      type: "api",
      summary: "The management API over REST.",
      listener,
      open: () => openRest(parts, operations()),
    }),
    createSurfaceIntegration({
      id: "openai-api",
      type: "api",
      summary: "The OpenAI API under /v1.",
      listener,
      open: always(() =>
        createOpenAiMount({
          ...inference,
          directory,
          modelFormatOf: modelFormatOf(config),
          responses: parts.responses,
        }),
      ),
    }),
    createGraphqlIntegration({ ...parts, operations }),
    createOllamaSurface({ ...parts, operations }),
    createAnthropicSurface(parts),
    createSurfaceIntegration({
      id: "mcp",
      type: "api",
      summary: "The operations as tools for agents, over the Model Context Protocol at /mcp.",
      listener,
      open: async () =>
        createLazySurface({
          ...mcpMount,
          takesUpgrades: false,
          open: () => openMcp(parts, operations()),
          log: parts.log,
        }),
    }),
    createWebSocketIntegration({ ...parts, operations }),
    createGrpcIntegration({ ...parts, operations }),
    createMetricsSurface({
      ...parts,
      process: parts.processMetrics,
      authenticator: inference.authenticator,
      askOthers: () => parts.askWorkers(),
    }),
    createConsoleIntegration(listener),
    createOpenTelemetryIntegration(parts),
    ...(parts.redis === undefined ? [] : [createRedisIntegration(parts.redis)]),
  ];
  if (parts.postgres !== undefined) definitions.push(createPostgresIntegration(parts.postgres));
  const enabled: Readonly<Record<string, boolean>> = {
    "openai-api": config.openai_api.enabled,
    graphql: config.graphql.enabled,
    grpc: config.grpc.enabled,
    "ollama-api": config.ollama_api.enabled,
    "anthropic-api": config.anthropic_api.enabled,
    mcp: config.mcp.enabled,
    console: config.console.enabled,
    websocket: config.websocket.enabled,
    prometheus: config.prometheus.enabled,
    opentelemetry: config.opentelemetry.enabled,
  };
  return {
    definitions,
    configs: definitions.map((definition) => ({
      ...toConfig(definition, enabled[definition.id] ?? true),
      ...(definition.id === "opentelemetry" ? { settings: { ...toOpenTelemetrySettings(config) } } : {}),
    })),
  };
}

async function openRest(
  parts: SurfaceParts,
  operations: readonly Operation[],
): Promise<{ readonly mount: Mount; close(): Promise<void> }> {
  const { inference, pulls } = parts;
  const pull = createPullRoute("/local/ollama/pull", {
    check: () => void pullAbility(modelPlatformOf(parts.manager(), "ollama")),
    pulls,
  });
  const rest = await createRestServer({
    operations,
    authenticator: inference.authenticator,
    auditor: parts.auditor,
    readCaller: parts.readCaller,
    log: parts.log,
    streams: [
      createEventStream(parts.events),
      pull,
      createPullProgress(pulls),
      ...createModelWorkStreams({ manager: parts.manager(), directory: parts.directory }),
      createUsageExport(parts.ledger, Date.now),
      createRequestStream(parts),
      createBackupStream(parts.backups),
    ],
  });
  const generate = createInferenceHandler(inference, {
    operation: "completion",
    surface: ollamaDialect,
    streamDefault: true,
    integration: "ollama",
  });
  const { routes, paths, fast } = mountInference({ "/local/ollama/generate": generate });
  const { signingKeys, browser } = parts.login;
  const jwks = createJwksMount(() => signingKeys.publicKeys());
  const address = toPublicAddress(parts.config);
  const issuers = parts.config.auth.oidc.map(({ issuer }) => issuer);
  const metadata = createResourceMetadataMount({ address, issuers });
  const { auditor, readCaller } = parts;
  const { sessions } = parts.login.operations;
  const { wayIn } = parts.login;
  const browserLogin = createBrowserLoginMount({
    login: browser,
    wayIn,
    sessions,
    address,
    auditor,
    readCaller,
  });
  return {
    mount: {
      routes: [...rest.routes, ...routes, ...jwks.routes, ...metadata.routes, ...browserLogin.routes],
      fast,
      paths: new Map([...paths, ...jwks.paths, ...metadata.paths, ["/integrations", rest.handler]]),
      prefixes: new Map([
        ...(browserLogin.prefixes ?? []),
        ["/integrations/", rest.handler],
        ["/local/", rest.handler],
        ["/api/v1/", rest.handler],
      ]),
    },
    close: () => rest.stop(),
  };
}

async function openMcp(parts: SurfaceParts, operations: readonly Operation[]) {
  const { createMcpMount } = await import("./api/mcp/surface.ts");
  const { inference, auditor, readCaller, log, system } = parts;
  const mount = createMcpMount({
    operations,
    authenticator: inference.authenticator,
    auditor,
    readCaller,
    log,
    version: system.version,
  });
  return { mount, close: closeNothing };
}

function toConfig({ id, type }: IntegrationDefinition, enabled: boolean): IntegrationConfig {
  return {
    name: id,
    type,
    use: id,
    enabled,
    priority: 1_000,
    dependencies: [],
    settings: {},
    health_check_interval: type === "service" || id === "opentelemetry" ? serviceProbeSeconds : 60,
    retry_config: { max_retries: 3, backoff_factor: 2, max_backoff: 300 },
  };
}
