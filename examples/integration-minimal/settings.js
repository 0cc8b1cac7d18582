/** @import { SettingsSchema } from "@llm-platform/kit" */

/**
 * What a user writes below `settings:`, once for forms and once for checking.
 * A schema of Zod, Valibot or ArkType fits as `schema`, too.
 *
 * @type {SettingsSchema<{ readonly url: string }>}
 */
export const settings = {
  jsonSchema: {
    type: "object",
    additionalProperties: false,
    required: ["url"],
    properties: { url: { type: "string", format: "uri", description: "The page to watch" } },
  },
  schema: {
    "~standard": {
      version: 1,
      vendor: "llm-platform-page-watch",
      validate(value) {
        const { url, ...others } = Object(value);
        const issues = Object.keys(others).map((key) => ({ path: [key], message: "is not a setting" }));
        if (!URL.canParse(url))
          issues.push({ path: ["url"], message: "must be an address such as https://example.com" });
        return issues.length > 0 ? { issues } : { value: { url } };
      },
    },
  },
};
