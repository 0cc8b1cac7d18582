import { defineIntegration, type IntegrationDefinition, type IntegrationType } from "@llm-platform/kit";
import { noSettings } from "../core/no-settings.ts";
import type { Listener, Mount } from "./listener.ts";

export interface SurfaceInput {
  readonly id: string;
  readonly type: IntegrationType;
  readonly summary: string;
  readonly listener: Listener;
  /** Makes what the surface serves. Called at each start. */
  open(): Promise<OpenSurface>;
}

export interface OpenSurface {
  readonly mount: Mount;
  close(): Promise<void>;
}

/** A surface as an integration: its health is that the listener answers for it, its stop takes its paths away. */
export function createSurfaceIntegration({
  id,
  type,
  summary,
  listener,
  open,
}: SurfaceInput): IntegrationDefinition<object> {
  return defineIntegration<object>({
    contract: 1,
    id,
    type,
    summary,
    settings: noSettings,
    async start() {
      const surface = await open();
      const unmount = listener.mount(surface.mount);
      return {
        health: async () =>
          listener.isListening ? { status: "ok" } : { status: "failed", detail: "The listener is closed." },
        async stop() {
          unmount();
          await surface.close();
        },
      };
    },
  });
}
