import type { Json } from "@llm-platform/kit";
import { z } from "zod";
import { showBySchema } from "../core/shown-value.ts";

/** A value as the audit log may have it: what its schema describes, and of that no field with the format `secret`. */
export function showAs(schema: z.ZodType, value: unknown): Json {
  const described = z.toJSONSchema(schema, { io: "output", unrepresentable: "any" });
  return showBySchema(value, JSON.parse(JSON.stringify(described)));
}

/** The members of an object that a schema names, each as above. */
export function showMembers(schema: z.ZodObject, value: object): Readonly<Record<string, Json>> {
  const members = new Map<string, unknown>(Object.entries(value));
  return Object.fromEntries(
    Object.entries<z.ZodType>(schema.shape)
      .filter(([name]) => members.get(name) !== undefined)
      .map(([name, member]) => [name, showAs(member, members.get(name))]),
  );
}
