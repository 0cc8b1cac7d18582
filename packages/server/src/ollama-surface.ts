import { PlatformError } from "@llm-platform/kit";
import type { Listener } from "./api/listener.ts";
import { createOllamaMount } from "./api/ollama/surface.ts";
import type { OllamaParts } from "./api/ollama/operations.ts";
import { createSurfaceIntegration } from "./api/surface-integration.ts";
import type { Operation } from "./control/operation.ts";
import type { Manager } from "./manager/manager.ts";

export interface OllamaSurfaceParts extends Omit<OllamaParts, "operations" | "abilities" | "findPuller"> {
  readonly listener: Listener;
  /** Asked for at each start. */
  operations(): readonly Operation[];
  manager(): Manager;
}

/** Ollama's own API as an integration. */
export function createOllamaSurface(parts: OllamaSurfaceParts) {
  const { listener, manager } = parts;
  return createSurfaceIntegration({
    id: "ollama-api",
    type: "api",
    summary: "Ollama's own API under /api, for every model.",
    listener,
    open: async () => ({
      mount: createOllamaMount({
        ...parts,
        operations: parts.operations(),
        abilities(integration) {
          const platform = manager().running(integration)?.models;
          return { load: platform?.load !== undefined, unload: platform?.unload !== undefined };
        },
        findPuller: () => findPuller(manager()),
      }),
      close: async () => undefined,
    }),
  });
}

/** The first Ollama server that runs. Throws PlatformError `unavailable`. */
function findPuller(manager: Manager): string {
  const servers = manager
    .list()
    .filter(({ name }) => {
      const platform = manager.running(name)?.models;
      return platform?.provider === "ollama" && platform.pull !== undefined;
    })
    .toSorted((one, other) => other.priority - one.priority);
  const [server] = servers;
  if (server !== undefined) return server.name;
  throw new PlatformError(
    "unavailable",
    "No Ollama server runs that could pull a model. Connect one as an integration.",
  );
}
