import type { SettingsSchema } from "@llm-platform/kit";

/** The schema of an integration that the platform's own configuration governs: it takes no settings. */
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
