import type { HttpRoute } from "../../core/http-route.ts";

const path = "/mcp";
const routes: readonly HttpRoute[] = [{ method: "POST", path, access: "self.read" }];

/** Where the tools for agents are. */
export const mcpMount = { path, routes } as const;
