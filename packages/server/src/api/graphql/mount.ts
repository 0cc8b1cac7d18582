import type { HttpRoute } from "../../core/http-route.ts";
import type { Permission } from "../../core/permissions.ts";

/** What a caller needs to see the schema, and the page on which it can be asked. */
export const explorePermission: Permission = "graphql.explore";

const path = "/graphql";
const routes: readonly HttpRoute[] = [
  { method: "GET", path, access: explorePermission },
  // Each field says what it needs; some need nothing.
  { method: "POST", path, access: "public" },
];

/** Where the graph is. */
export const graphMount = { path, routes };
