import { z } from "zod";
import { alertSettings } from "./alert-settings.ts";
import { auditSettings, contentSettings } from "./audit-settings.ts";
import { authSettings } from "./auth-settings.ts";
import { budgetSettings } from "./budget-settings.ts";
import { databaseSettings } from "./database-settings.ts";
import { gatewaySettings } from "./gateway-settings.ts";
import { graphqlSettings } from "./graphql-settings.ts";
import { grpcSettings } from "./grpc-settings.ts";
import { integrationList } from "./integration-settings.ts";
import { eventSettings, ledgerSettings } from "./ledger-settings.ts";
import { limitSettings } from "./limit-settings.ts";
import { overloadSettings } from "./overload-settings.ts";
import { bundledPricesSetting, priceList } from "./price-settings.ts";
import { openTelemetrySettings } from "./opentelemetry-settings.ts";
import { pullSettings } from "./pull-settings.ts";
import { responseSettings } from "./response-settings.ts";
import { prometheusSettings } from "./prometheus-settings.ts";
import { redisSettings } from "./redis-settings.ts";
import { routingSettings } from "./routing-settings.ts";
import { secretSettings } from "./secret-settings.ts";
import { section } from "./section.ts";
import { websocketSettings } from "./websocket-settings.ts";
import { dataDirectorySetting, environmentSetting, logSettings, serverSettings } from "./server-settings.ts";

/** Every setting of the platform, with its default, range, unit and doc line. Names as users write them. */
export const configSchema = z.strictObject({
  environment: environmentSetting,
  server: serverSettings,
  data_dir: dataDirectorySetting,
  database: databaseSettings,
  log: logSettings,
  auth: authSettings,
  audit: auditSettings,
  content: contentSettings,
  secrets: secretSettings,
  redis: redisSettings,
  openai_api: section(
    { enabled: z.boolean().default(true).describe("Whether `/v1/*` is served.") },
    "The OpenAI API.",
  ),
  ollama_api: section(
    { enabled: z.boolean().default(true).describe("Whether Ollama's API is served under `/api/*`.") },
    "Ollama's own API, for every model.",
  ),
  responses: responseSettings,
  graphql: graphqlSettings,
  grpc: grpcSettings,
  mcp: section(
    { enabled: z.boolean().default(true).describe("Whether `/mcp` is served.") },
    "The operations as tools for agents, over the Model Context Protocol.",
  ),
  console: section(
    {
      enabled: z.boolean().default(true).describe("Whether the web console is served, at `/` for browsers."),
    },
    "The web console.",
  ),
  anthropic_api: section(
    { enabled: z.boolean().default(true).describe("Whether `/v1/messages` is served.") },
    "Anthropic's Messages API.",
  ),
  websocket: websocketSettings,
  prometheus: prometheusSettings,
  opentelemetry: openTelemetrySettings,
  alerts: alertSettings,
  integrations: integrationList,
  routing: routingSettings,
  gateway: gatewaySettings,
  limits: limitSettings,
  budgets: budgetSettings,
  overload: overloadSettings,
  ledger: ledgerSettings,
  events: eventSettings,
  prices: priceList,
  bundled_prices: bundledPricesSetting,
  pulls: pullSettings,
  programs: section(
    {
      credentials: z
        .array(z.string().min(1))
        .default([])
        .describe(
          "Programs that may be run where a kubeconfig wants one for a credential, as it names them, such as `aws`; a path must be whole. They get the platform's environment without its own variables.",
        ),
    },
    "Programs that the platform may run.",
  ),
});

/** The whole configuration, checked. Secrets are `Secret`. */
export type PlatformConfig = z.output<typeof configSchema>;

/** One configured instance; `type` comes from its definition where it is not written. */
export type ConfiguredIntegration = PlatformConfig["integrations"][number];
