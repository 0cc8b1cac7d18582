import type { Operation } from "../../control/operation.ts";
import type { DescribedSchema, SchemaReader } from "./described-schema.ts";
import { findList, type OperationList } from "./operation-lists.ts";

/** An operation with its schemas as types are made of them. */
export interface DescribedOperation {
  readonly operation: Operation;
  readonly input: DescribedSchema;
  readonly output: DescribedSchema;
  /** Undefined for an operation that does not give a list. */
  readonly list: OperationList | undefined;
}

export function describeOperation(operation: Operation, reader: SchemaReader): DescribedOperation {
  const input = reader.read(operation.input, "input");
  const output = reader.read(operation.output, "output");
  const list = operation.rest.method === "GET" ? findList(operation.name, { input, output }) : undefined;
  return { operation, input, output, list };
}
