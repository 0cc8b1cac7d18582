/** A setting with a name in the environment that the rule does not give. */
export interface ShortName {
  readonly env: string;
  readonly path: readonly string[];
}

/** Names of settings that are shorter than the rule's, or known from elsewhere. The rule's own name wins over them. */
export const shortNames: readonly ShortName[] = [
  { env: "LLM_PLATFORM_ENV", path: ["environment"] },
  { env: "LOG_LEVEL", path: ["log", "level"] },
  { env: "DATABASE_URL", path: ["database", "url"] },
  { env: "DATABASE_MIGRATE", path: ["database", "migrate"] },
  { env: "OPENAI_API_ENABLED", path: ["openai_api", "enabled"] },
  { env: "GRAPHQL_ENABLED", path: ["graphql", "enabled"] },
  { env: "GRPC_ENABLED", path: ["grpc", "enabled"] },
  { env: "GRPC_PORT", path: ["grpc", "port"] },
  { env: "OLLAMA_API_ENABLED", path: ["ollama_api", "enabled"] },
  { env: "ANTHROPIC_API_ENABLED", path: ["anthropic_api", "enabled"] },
  { env: "CONSOLE_ENABLED", path: ["console", "enabled"] },
  { env: "MCP_ENABLED", path: ["mcp", "enabled"] },
  { env: "WEBSOCKET_ENABLED", path: ["websocket", "enabled"] },
  { env: "PROMETHEUS_ENABLED", path: ["prometheus", "enabled"] },
  { env: "OPENTELEMETRY_ENABLED", path: ["opentelemetry", "enabled"] },
  { env: "OTEL_EXPORTER_OTLP_ENDPOINT", path: ["opentelemetry", "endpoint"] },
  { env: "OTEL_EXPORTER_OTLP_PROTOCOL", path: ["opentelemetry", "protocol"] },
  { env: "OTEL_EXPORTER_OTLP_HEADERS", path: ["opentelemetry", "headers"] },
  { env: "OTEL_EXPORTER_OTLP_CERTIFICATE", path: ["opentelemetry", "ca_file"] },
  { env: "OTEL_SERVICE_NAME", path: ["opentelemetry", "service_name"] },
  { env: "OTEL_TRACES_SAMPLER", path: ["opentelemetry", "sampler"] },
  { env: "OTEL_TRACES_SAMPLER_ARG", path: ["opentelemetry", "sampler_ratio"] },
  {
    env: "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
    path: ["opentelemetry", "capture_message_content"],
  },
  { env: "OTEL_SEMCONV_STABILITY_OPT_IN", path: ["opentelemetry", "semantic_conventions"] },
  { env: "GRAFANA_ENABLED", path: ["integrations", "grafana", "enabled"] },
  { env: "GRAFANA_URL", path: ["integrations", "grafana", "settings", "url"] },
  { env: "GRAFANA_TOKEN", path: ["integrations", "grafana", "settings", "token"] },
  { env: "ALERTMANAGER_ENABLED", path: ["integrations", "alertmanager", "enabled"] },
  { env: "ALERTMANAGER_URL", path: ["integrations", "alertmanager", "settings", "url"] },
  { env: "SLACK_WEBHOOK_URL", path: ["integrations", "slack", "settings", "webhook_url"] },
  { env: "REDIS_URL", path: ["redis", "url"] },
  { env: "HF_TOKEN", path: ["integrations", "huggingface", "settings", "token"] },
  { env: "HUGGINGFACE_TOKEN", path: ["integrations", "huggingface", "settings", "token"] },
  { env: "OLLAMA_BASE_URL", path: ["integrations", "ollama", "settings", "base_url"] },
];

const prefix = "LLM_PLATFORM_";

/** Names with the prefix that are no settings of the server. */
const otherNames = new Set([
  "LLM_PLATFORM_CONFIG",
  "LLM_PLATFORM_URL",
  "LLM_PLATFORM_API_KEY",
  "LLM_PLATFORM_REQUIRE_SERVICES",
  "LLM_PLATFORM_ENV",
]);

/** Kubernetes gives every container such names for a service that is called `llm-platform`. */
const serviceLink =
  /^LLM_PLATFORM_(?:[A-Z0-9_]+_)?(?:SERVICE_(?:HOST|PORT)(?:_[A-Z0-9_]+)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:ADDR|PORT|PROTO))?)?)$/;

/** The name of a setting in the environment: its path in capitals, with two underscores between the parts. */
export function configEnvName(path: readonly string[]): string {
  return (
    prefix +
    path
      .map((part) => (part.endsWith("[]") ? `${part.slice(0, -2).toUpperCase()}__N` : part.toUpperCase()))
      .join("__")
  );
}

/** The parts of a name that follows the rule, in small letters; undefined for any other name. */
export function splitEnvName(name: string): readonly string[] | undefined {
  if (!name.startsWith(prefix) || otherNames.has(name) || (!name.includes("__") && serviceLink.test(name)))
    return undefined;
  return name.slice(prefix.length).toLowerCase().split("__");
}
