import { PlatformError } from "@llm-platform/kit";
import type { z } from "zod";
import { type Permission, requirePermission } from "../core/permissions.ts";
import type { Principal } from "../core/principal.ts";

/** What an operation may know of who asked for it, and until when. */
export interface OperationContext {
  readonly principal: Principal;
  /** Aborted when the caller has gone or the server stops. */
  readonly signal: AbortSignal;
}

/** Where an operation stands in the REST API. */
export interface RestBinding {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** With `{name}` for parameters. */
  readonly path: string;
}

/** One thing that an operator can do: every protocol is a thin skin over this. */
export interface Operation {
  /** Noun and verb, for example `integrations.restart`. */
  readonly name: string;
  readonly summary: string;
  /** What a principal must be allowed to. */
  readonly permission: Permission;
  readonly rest: RestBinding;
  readonly input: z.ZodType;
  readonly output: z.ZodType;
  /**
   * @param input unchecked
   * @throws PlatformError `forbidden`, and `invalid_request` with every problem when the input does not fit
   */
  run(input: unknown, context: OperationContext): Promise<unknown>;
}

interface OperationInput<Input extends z.ZodType, Output extends z.ZodType> {
  readonly name: string;
  readonly summary: string;
  readonly permission: Permission;
  readonly rest: RestBinding;
  readonly input: Input;
  readonly output: Output;
  run(input: z.output<Input>, context: OperationContext): Promise<z.output<Output>>;
}

/** Ties an operation's code to its schemas. */
export function defineOperation<Input extends z.ZodType, Output extends z.ZodType>(
  definition: OperationInput<Input, Output>,
): Operation {
  return {
    ...definition,
    async run(input, context) {
      requirePermission(context.principal, definition.permission);
      return definition.run(checkInput(definition.input, input), context);
    },
  };
}

/** Throws PlatformError `invalid_request` with every problem when the input does not fit. */
export function checkInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => ({
    field: issue.path.join("."),
    message: issue.message,
  }));
  throw new PlatformError(
    "invalid_request",
    `The input is not valid: ${problems.map((each) => `${each.field || "body"}: ${each.message}`).join("; ")}.`,
    {
      problems,
    },
  );
}
