import { Secret, type SettingsSchema, type StandardIssue } from "@llm-platform/kit";

/** What a user sets. */
export interface Settings {
  readonly url: string;
  readonly apiKey: Secret | undefined;
}

/**
 * What a user writes below `settings:`, once for forms and once for checking.
 * A schema of Zod, Valibot or ArkType fits as `schema`, too.
 */
export const settings: SettingsSchema<Settings> = {
  jsonSchema: {
    type: "object",
    additionalProperties: false,
    required: ["url"],
    properties: {
      url: { type: "string", format: "uri", description: "The address to watch" },
      api_key: { type: "string", format: "secret", description: "Sent as a Bearer token" },
    },
  },
  schema: {
    "~standard": {
      version: 1,
      vendor: "llm-platform-integration-name",
      validate(value) {
        const { url, api_key: key, ...others } = Object(value);
        const issues: StandardIssue[] = Object.keys(others).map((name) => ({
          path: [name],
          message: "is not a setting",
        }));
        if (!URL.canParse(url))
          issues.push({ path: ["url"], message: "must be an address such as https://example.com" });
        if (key !== undefined && typeof key !== "string")
          issues.push({ path: ["api_key"], message: "must be a text" });
        if (issues.length > 0) return { issues };
        return { value: { url, apiKey: key === undefined ? undefined : new Secret(key) } };
      },
    },
  },
};
