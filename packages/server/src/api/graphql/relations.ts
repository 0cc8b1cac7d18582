import type { Relation } from "./related-rows.ts";
import { memberOf } from "./type-builder.ts";

/** Reads the key of a row: its members of these names. */
export const keyBy =
  (...names: readonly string[]) =>
  (row: unknown): string =>
    names.map((name) => String(memberOf(row, name))).join("/");

/** The list operations by which things of the graph are found. */
export const relations = {
  integrationByName: { operation: "integrations.list", member: "integrations", keyOf: keyBy("name") },
  modelsOfIntegration: { operation: "models.list", member: "models", keyOf: keyBy("integration") },
  loadedModel: { operation: "models.loaded", member: "models", keyOf: keyBy("integration", "id") },
  loadedOfIntegration: { operation: "models.loaded", member: "models", keyOf: keyBy("integration") },
  modelById: { operation: "models.list", member: "models", keyOf: keyBy("integration", "id") },
  userById: { operation: "users.list", member: "users", filter: "ids", keyOf: keyBy("id") },
  usersOfTeam: { operation: "users.list", member: "users", filter: "teams", keyOf: keyBy("team") },
  usersOfRole: { operation: "users.list", member: "users", filter: "roles", keyOf: keyBy("role") },
  teamById: { operation: "teams.list", member: "teams", filter: "ids", keyOf: keyBy("id") },
  keyById: { operation: "keys.list", member: "keys", filter: "ids", keyOf: keyBy("id") },
  keysOfUser: { operation: "keys.list", member: "keys", filter: "owners", keyOf: keyBy("owner") },
  roleByName: { operation: "roles.list", member: "roles", keyOf: keyBy("name") },
  budgetsOf: { operation: "budgets.list", member: "budgets", keyOf: keyBy("scope", "subject") },
  attemptsOfRequest: {
    operation: "usage.list",
    member: "usage",
    filter: "request_ids",
    keyOf: keyBy("request_id"),
  },
} as const satisfies Readonly<Record<string, Relation>>;
