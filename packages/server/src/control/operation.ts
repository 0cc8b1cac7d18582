import { isJsonObject, type Json, PlatformError } from "@llm-platform/kit";
import type { z } from "zod";
import type { AuditTarget } from "../core/audit-record.ts";
import type { Access } from "../core/http-route.ts";
import type { Principal } from "../core/principal.ts";
import type { Auditor, Caller } from "./auditor.ts";
import { showAs } from "./shown.ts";

/** What an operation may know of who asked for it, and until when. */
export interface OperationContext extends Caller {
  readonly principal: Principal;
  /** Where changes and refusals are put on record. */
  readonly auditor: Auditor;
  /** Aborted when the caller has gone or the server stops. */
  readonly signal: AbortSignal;
  /** W3C traceparent of the caller, well formed: what is done for it belongs into its trace. */
  readonly traceparent?: string | undefined;
}

/** Where an operation that only reads stands in the REST API. */
export interface ReadBinding {
  readonly method: "GET";
  /** With `{name}` for parameters. */
  readonly path: string;
}

/** Where any other stands. */
export interface ChangeBinding {
  readonly method: "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
}

export type RestBinding = ReadBinding | ChangeBinding;

/** What the audit log is told of an operation that changes something. Nothing of it may hold a secret. */
export interface ChangeFacts<Input, Output> {
  /** What is changed. `output` is there once it was. */
  target(input: Input, output?: Output): AuditTarget;
  /** What people call it, where the input has its id alone and `before` has no `name`; undefined where there is none. */
  nameOf?(input: Input): Promise<string | undefined>;
  /** How it is before. Default: it is not told, as of what is only made. */
  before?(input: Input): Json | Promise<Json>;
  /** What is asked for. Default: the input, by its schema. */
  asked?(input: Input): Json;
  /** How it is after. Default: the output, by its schema. */
  after?(input: Input, output: Output): Json;
}

/** One thing that an operator can do: every protocol is a thin skin over this. */
export interface Operation {
  /** Noun and verb, for example `integrations.restart`. */
  readonly name: string;
  readonly summary: string;
  /** What a principal must be allowed to; `public` needs none that is known, and is not told of one. */
  readonly permission: Access;
  readonly rest: RestBinding;
  readonly input: z.ZodType;
  readonly output: z.ZodType;
  /**
   * @param input unchecked
   * @throws PlatformError `forbidden`, `invalid_request` with every problem when the input does not fit, and
   * `audit_unavailable` when a change cannot be put on record, and was not made
   */
  run(input: unknown, context: OperationContext): Promise<unknown>;
}

interface OperationFacts<Input extends z.ZodType, Output extends z.ZodType> {
  readonly name: string;
  readonly summary: string;
  readonly permission: Access;
  readonly input: Input;
  readonly output: Output;
  run(input: z.output<Input>, context: OperationContext): Promise<z.output<Output>>;
}

/**
 * An operation is audited unless it only reads: a `GET` does, and what else does must say so. One that anybody may call
 * puts itself on record, as far as the caller turned out to be somebody.
 */
type OperationInput<Input extends z.ZodType, Output extends z.ZodType> = OperationFacts<Input, Output> &
  (
    | { readonly rest: ReadBinding; readonly audit?: undefined }
    | {
        readonly rest: ChangeBinding;
        readonly audit: ChangeFacts<z.output<Input>, z.output<Output>> | "reads" | "itself";
      }
  );

/** Ties an operation's code to its schemas, and puts what it changes on record. */
export function defineOperation<Input extends z.ZodType, Output extends z.ZodType>(
  definition: OperationInput<Input, Output>,
): Operation {
  const { name, summary, permission, rest, input: inputSchema, output: outputSchema, audit } = definition;
  return {
    name,
    summary,
    permission,
    rest,
    input: inputSchema,
    output: outputSchema,
    async run(unchecked, context) {
      if (permission !== "public") context.auditor.require(context, name, permission);
      const input = checkInput(inputSchema, unchecked);
      if (audit === undefined || audit === "reads" || audit === "itself")
        return definition.run(input, context);
      const before = (await audit.before?.(input)) ?? null;
      const called = (await audit.nameOf?.(input)) ?? readName(before);
      const intent = {
        operation: name,
        caller: context,
        target: withName(audit.target(input), called),
        before,
        asked: audit.asked === undefined ? showAs(inputSchema, input) : audit.asked(input),
      };
      return context.auditor.change(intent, async () => {
        const result = await definition.run(input, context);
        const after = audit.after === undefined ? showAs(outputSchema, result) : audit.after(input, result);
        return { result, target: withName(audit.target(input, result), called), after };
      });
    },
  };
}

/** An id tells readers nothing once what had it is gone. */
function withName(target: AuditTarget, called: string | undefined): AuditTarget {
  return target.name === null && called !== undefined ? { ...target, name: called } : target;
}

function readName(before: Json): string | undefined {
  const name = isJsonObject(before) ? before["name"] : undefined;
  return typeof name === "string" ? name : undefined;
}

/** Throws PlatformError `invalid_request` with every problem when the input does not fit. */
export function checkInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => ({
    field: issue.path.join("."),
    message: issue.message,
  }));
  const [first] = problems;
  throw new PlatformError(
    "invalid_request",
    `The input is not valid: ${problems.map((each) => `${each.field || "body"}: ${each.message}`).join("; ")}.`,
    // For protocols whose errors name one field.
    { problems, ...(first === undefined || first.field === "" ? {} : { field: first.field }) },
  );
}
