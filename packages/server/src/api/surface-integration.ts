import {
  defineIntegration,
  type IntegrationDefinition,
  type IntegrationType,
  type SettingsSchema,
} from "@llm-platform/kit";
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

/** The settings of an integration that has none. */
export const noSettings: SettingsSchema<object> = {
  schema: { "~standard": { version: 1, vendor: "llm-platform", validate: refuseSettings } },
  jsonSchema: { type: "object", properties: {}, additionalProperties: false },
};

function refuseSettings(
  value: unknown,
): { readonly value: object } | { readonly issues: readonly { readonly message: string }[] } {
  const isEmpty =
    value === undefined || (typeof value === "object" && value !== null && Object.keys(value).length === 0);
  return isEmpty ? { value: {} } : { issues: [{ message: "this integration has no settings" }] };
}
