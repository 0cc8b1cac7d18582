import { configJsonSchema } from "../../packages/server/src/config/setting-tree.ts";
import { formatAsyncApi } from "../../packages/server/src/api/ws/asyncapi.ts";
import { version } from "../../packages/server/src/version.ts";
import { readFeeds } from "./inert-operations.ts";
import { formatBundledPrices } from "./bundled-prices.ts";
import { chartFiles } from "./chart-files.ts";
import { formatClientOperations } from "./client-operations.ts";
import { errorsPage } from "./errors-page.ts";
import { feedsPage } from "./feeds-page.ts";
import type { GeneratedFile } from "./generated-files.ts";
import { figurePages } from "./figure-pages.ts";
import { formatGraphSchema, graphqlPage } from "./graphql-schema.ts";
import { grpcPage } from "./grpc-page.ts";
import { integrationsPage } from "./integrations-page.ts";
import { metricsPage } from "./metrics-page.ts";
import { createOpenApi } from "./openapi.ts";
import { monitoringFiles } from "./monitoring-files.ts";
import { operationsPage } from "./operations-page.ts";
import { permissionsPage } from "./permissions-page.ts";
import { protoCode, readProtoFiles } from "./proto-files.ts";
import { settingsPage } from "./settings-page.ts";

/** Every file that is made from the code, or, of figures, from the results of the benchmark. */
export function generateAll(): readonly GeneratedFile[] {
  const protoFiles = readProtoFiles();
  return [
    { path: "contracts/openapi.json", text: toJson(createOpenApi()) },
    { path: "contracts/asyncapi.yaml", text: formatAsyncApi({ feeds: readFeeds(), version }) },
    { path: "contracts/schema.graphql", text: formatGraphSchema() },
    { path: "docs/reference/graphql.md", text: graphqlPage() },
    { path: "contracts/config.schema.json", text: toJson(configJsonSchema()) },
    { path: "packages/client/src/generated/operations.ts", text: formatClientOperations() },
    { path: "packages/server/src/bundled-prices.json", text: formatBundledPrices() },
    ...protoCode(protoFiles),
    { path: "docs/reference/grpc.md", text: grpcPage(protoFiles) },
    { path: "docs/reference/settings.md", text: settingsPage() },
    { path: "docs/reference/errors.md", text: errorsPage() },
    { path: "docs/reference/metrics.md", text: metricsPage() },
    { path: "docs/reference/operations.md", text: operationsPage() },
    { path: "docs/reference/feeds.md", text: feedsPage() },
    { path: "docs/reference/permissions.md", text: permissionsPage() },
    { path: "docs/reference/integrations.md", text: integrationsPage() },
    ...figurePages(),
    ...monitoringFiles(),
    ...chartFiles(),
  ];
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
