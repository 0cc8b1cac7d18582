import { PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import type { Operation } from "../../../control/operation.ts";
import { anonymous } from "../../../core/principal.ts";
import { OperationsDefinition } from "../generated/platform.ts";
import { type CallContext, type GrpcMethod, serverStream, unary } from "../method.ts";
import { follow, type OperationTable } from "./operation-table.ts";

const service = OperationsDefinition;
const { list, call, follow: following } = service.methods;

type Struct = Record<string, unknown>;

/** Every operation and feed by its name. */
export function operationMethods(table: OperationTable): readonly GrpcMethod[] {
  return [
    unary({
      service,
      access: "known",
      type: list,
      run: async () => ({
        operations: table.operations.map(describe),
        feeds: table.feeds.map(describe),
      }),
    }),
    unary({
      service,
      access: "optional",
      type: call,
      async run({ name = "", input = {} }, context) {
        const operation = table.operation(name);
        const output = await operation.run(input, admit(operation, context));
        return { output: toStruct(output) };
      },
    }),
    serverStream({
      service,
      access: "known",
      type: following,
      isEndless: true,
      run: ({ name = "", input = {} }, context, send) =>
        follow(table.feed(name), { input, context, send }, ({ type, data, id }) => ({
          type,
          data: toStruct(data),
          id,
        })),
    }),
  ];
}

function describe({
  name,
  summary,
  permission,
  input,
}: Pick<Operation, "name" | "summary" | "permission" | "input">) {
  const schema = z.toJSONSchema(input, { io: "input", unrepresentable: "any" });
  return { name, summary, permission, input_schema: toStruct(schema) };
}

/** Who does an operation that anybody may do is not asked for; everybody else has to be known. */
function admit({ name, permission }: Operation, context: CallContext): CallContext {
  if (permission === "public") return context.by(anonymous);
  const { refusal, auditor, requestId, address } = context;
  if (refusal === undefined) return context;
  if (refusal instanceof PlatformError)
    auditor.noteRefusal({ principal: undefined, requestId, address }, { operation: name, error: refusal });
  throw refusal;
}

/** As JSON has it: members without a value are left out. */
function toStruct(value: unknown): Struct {
  const parsed: unknown = JSON.parse(JSON.stringify(value ?? {}));
  return z.record(z.string(), z.unknown()).parse(parsed);
}
