import { z } from "zod";
import type { Operation } from "../../control/operation.ts";
import type { Principal } from "../../core/principal.ts";

/** An operation as an agent sees it. */
export interface OperationTool {
  readonly operation: Operation;
  readonly tool: {
    readonly name: string;
    readonly title: string;
    readonly description: string;
    readonly inputSchema: ObjectSchema;
    readonly outputSchema: ObjectSchema;
    readonly annotations: {
      readonly readOnlyHint: boolean;
      readonly destructiveHint: boolean;
      readonly idempotentHint: boolean;
      readonly openWorldHint: false;
    };
  };
}

interface ObjectSchema {
  readonly [key: string]: unknown;
  readonly type: "object";
}

/**
 * The operations as tools (Model Context Protocol, revision 2026-07-28, "Tools"), by name. Dots in an operation's name are
 * underscores in its tool's: many clients know letters, digits, underscores and hyphens only.
 */
export function toTools(operations: readonly Operation[]): ReadonlyMap<string, OperationTool> {
  return new Map(
    operations.map((operation) => {
      const name = operation.name.replaceAll(".", "_");
      return [name, { operation, tool: toTool(name, operation) }];
    }),
  );
}

/** Whether a caller can use an operation at all: one that it cannot is none of its tools. */
export function isAllowed(principal: Principal, { permission }: Operation): boolean {
  return permission === "public" || principal.permissions.has(permission);
}

function toTool(
  name: string,
  { summary, rest, permission, input, output }: Operation,
): OperationTool["tool"] {
  const isRead = rest.method === "GET";
  const needs = permission === "public" ? "" : ` Needs the permission ${permission}.`;
  return {
    name,
    title: summary,
    description: `${summary}${needs}`,
    inputSchema: toObjectSchema(input, "input"),
    outputSchema: toObjectSchema(output, "output"),
    annotations: {
      readOnlyHint: isRead,
      destructiveHint: rest.method === "DELETE",
      idempotentHint: isRead || rest.method === "PUT" || rest.method === "DELETE",
      openWorldHint: false,
    },
  };
}

function toObjectSchema(schema: z.ZodType, io: "input" | "output"): ObjectSchema {
  const { $schema: _dialect, ...described } = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    // The word that validators of agents know.
    override: ({ jsonSchema }) => {
      if (jsonSchema.format === "secret") jsonSchema.format = "password";
    },
  });
  return { ...described, type: "object" };
}
