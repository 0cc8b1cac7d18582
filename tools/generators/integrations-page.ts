import { builtInIntegrations } from "@llm-platform/integrations";
import { emailIntegration } from "../../packages/server/src/email-integration.ts";
import { code, formatPage, formatTable } from "./markdown.ts";

/** What the page shows of a JSON Schema. */
type Field = {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Field[];
  readonly items?: Field;
  readonly properties?: Readonly<Record<string, Field>>;
  readonly required?: readonly string[];
};

/** The page about the built-in integrations. */
export function integrationsPage(): string {
  return formatPage([
    "# Integrations",
    "What `use:` of an entry under `integrations:` may name, and what then may stand below `settings:`. How an entry as a whole looks is in [settings](settings.md); how to write one of your own, in [the guide](../guides/write-an-integration.md).",
    "`local` and `ollama` are there without being listed; an entry of the same name changes them, and `enabled: false` turns one off.",
    ...[...builtInIntegrations, emailIntegration].map(({ id, type, summary, settings }) =>
      [`## ${id}`, `${summary} Type: ${code(type)}.`, settingsTable(toField(settings.jsonSchema))].join(
        "\n\n",
      ),
    ),
  ]);
}

function toField(schema: unknown): Field {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- JSON Schema made by our own definitions
  return schema as Field;
}

function settingsTable({ properties = {}, required = [] }: Field): string {
  return formatTable(
    ["Setting", "Type", "Default", "What it is"],
    Object.entries(properties).map(([name, field]) => [
      code(name),
      field.format === "secret" ? `${typeOf(field)}, secret` : typeOf(field),
      field.default === undefined
        ? required.includes(name)
          ? "required"
          : ""
        : code(JSON.stringify(field.default)),
      field.description ?? "",
    ]),
  );
}

function typeOf(field: Field): string {
  if (field.enum !== undefined) return field.enum.map(String).join(" | ");
  if (field.anyOf !== undefined) return field.anyOf.map(typeOf).join(" or ");
  if (field.type === "array") return `list of ${field.items === undefined ? "any" : typeOf(field.items)}`;
  if (field.type === "object" && field.properties !== undefined)
    return `{ ${Object.keys(field.properties).join(", ")} }`;
  return field.type ?? "any";
}
