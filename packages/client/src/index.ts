export * from "./backup.ts";
export * from "./budgets.ts";
export * from "./client.ts";
export * from "./client-error.ts";
export * from "./chat-calls.ts";
export * from "./chat-stream.ts";
export * from "./audit.ts";
export {
  feedPermissions,
  type FeedTypes,
  type OperationRoute,
  operationRoutes,
  type OperationTypes,
  type Permission,
} from "./generated/operations.ts";
export * from "./identity.ts";
export * from "./live.ts";
export * from "./model-files.ts";
export * from "./monitoring.ts";
export * from "./operation-calls.ts";
export * from "./page-session.ts";
export * from "./prices.ts";
export * from "./pulls.ts";
export * from "./requests.ts";
export * from "./secrets.ts";
export * from "./usage.ts";
