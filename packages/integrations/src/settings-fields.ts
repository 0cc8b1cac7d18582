import { Secret, type SettingsSchema } from "@llm-platform/kit";
import { z } from "zod";

/** A credential that is sent in a header: printable ASCII without spaces. Becomes a `Secret`. */
export function secretField(description: string) {
  return z
    .string()
    .regex(/^[\x21-\x7e]+$/, "must be printable ASCII without spaces")
    .meta({ format: "secret", description })
    .transform((value) => new Secret(value));
}

/** Address of a server: http or https, without user name, query or fragment. A path is kept. */
export function baseUrlField(description: string) {
  return z
    .string()
    .refine(isPlainHttpUrl, "must be an http:// or https:// address without user name, query or fragment")
    .meta({ format: "uri", description });
}

/** Seconds between two looks at the list of models. */
export function modelRefreshField() {
  return z.int().min(1).max(86_400).default(60).meta({
    description: "Seconds between two looks at the server's list of models.",
  });
}

/** Open connections to the server at most. */
export function maxConnectionsField() {
  return z.int().min(1).max(65_535).optional().meta({
    description:
      "Open connections to the server at most. With it, no worker calls the server by itself. Default: the platform's own bound.",
  });
}

/** Trust in a server that is called by https. */
export function tlsField() {
  const ca_file = z.string().min(1).optional();
  return z.strictObject({ ca_file }).optional().meta({
    description:
      "`ca_file` names a PEM file with the issuers that the certificate of an https server must come from, in place of the public ones. It is read at each start of the integration.",
  });
}

/** Puts a schema and the JSON Schema of what a user writes together. */
export function toSettingsSchema<Schema extends z.ZodType>(schema: Schema): SettingsSchema<z.output<Schema>> {
  return {
    schema,
    jsonSchema: JSON.parse(JSON.stringify(z.toJSONSchema(schema, { io: "input" }))),
  };
}

function isPlainHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === "";
}
