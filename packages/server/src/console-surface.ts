import { fileURLToPath } from "node:url";
import type { IntegrationDefinition } from "@llm-platform/kit";
import { createConsoleMount } from "./api/console/surface.ts";
import type { Listener } from "./api/listener.ts";
import { createSurfaceIntegration } from "./api/surface-integration.ts";

/** Beside the bundle: `tools/build.ts` writes both. */
const folder = fileURLToPath(new URL("./console/", import.meta.url));

/** The web console as an integration. */
export function createConsoleIntegration(listener: Listener): IntegrationDefinition<object> {
  return createSurfaceIntegration({
    id: "console",
    type: "api",
    summary: "The web console, at / for browsers and under /console.",
    listener,
    open: async () => ({ mount: createConsoleMount(folder), close: async () => undefined }),
  });
}
