import {
  execute,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  type OperationTypeNode,
  subscribe,
} from "graphql";
import type { Auditor } from "../../control/auditor.ts";
import type { Operation } from "../../control/operation.ts";
import type { PlatformLog } from "../../telemetry/log.ts";
import { checkCost } from "./document-cost.ts";
import { Documents, type FaultyDocument, findOperation } from "./documents.ts";
import { GraphCall } from "./graph-call.ts";
import type { GraphCaller } from "./graph-caller.ts";
import type { ErrorParts } from "./graph-errors.ts";
import type { GraphRequest } from "./graph-request.ts";
import { ResultStream } from "./result-stream.ts";
import { explorePermission } from "./mount.ts";

export interface GraphServerParts {
  readonly schema: GraphQLSchema;
  readonly operations: readonly Operation[];
  readonly auditor: Auditor;
  readonly log: PlatformLog;
}

/** A request that can be run. */
export interface ReadyRequest {
  readonly kind: OperationTypeNode;
  readonly args: ExecutionArgs & { readonly contextValue: GraphCall };
  readonly errors: ErrorParts;
}

/** The graph, whatever protocol it is asked over. */
export class GraphServer {
  readonly #parts: GraphServerParts;
  readonly #documents: Documents;
  readonly #operations: ReadonlyMap<string, Operation>;

  constructor(parts: GraphServerParts) {
    this.#parts = parts;
    this.#documents = new Documents(parts.schema);
    this.#operations = new Map(parts.operations.map((operation) => [operation.name, operation]));
  }

  errorParts({ requestId }: Pick<GraphCaller, "requestId">): ErrorParts {
    const { log } = this.#parts;
    return { requestId, noteFault: (error) => log.error("graphql.failed", { request_id: requestId, error }) };
  }

  /**
   * Checks a request before anything of it is run.
   * @param signal aborted when the caller has gone
   * @throws PlatformError `invalid_request` for one that asks for too much, and `unauthenticated`
   */
  prepare(request: GraphRequest, caller: GraphCaller, signal: AbortSignal): ReadyRequest | FaultyDocument {
    const { schema, auditor } = this.#parts;
    const { text, operationName, variables } = request;
    const { principal, unknownCaller, limitAddress, traceparent } = caller;
    const errors = this.errorParts(caller);
    const canExplore = principal.permissions.has(explorePermission);
    const read = this.#documents.read(text, canExplore);
    if ("fault" in read) return read;
    const { document } = read;
    const operation = findOperation(document, operationName);
    checkCost({ schema, document, operation, variables });
    if (unknownCaller !== undefined && !this.#hasPublicField(operation)) throw unknownCaller;
    const context = { ...caller, auditor, signal };
    const call = new GraphCall({
      context,
      unknownCaller,
      limitAddress,
      traceparent,
      operations: this.#operations,
    });
    const args = {
      schema,
      document,
      operationName: operationName ?? null,
      variableValues: variables,
      contextValue: call,
      hideSuggestions: !canExplore,
    };
    return { kind: operation.operation, args, errors };
  }

  /** Runs a query or a mutation. Rejects when the caller has gone. */
  run({ args }: ReadyRequest): ExecutionResult | Promise<ExecutionResult> {
    return execute({ ...args, abortSignal: args.contextValue.context.signal });
  }

  /** Whether something of the root may be asked by anybody; of a fragment that is found out when it is run. */
  #hasPublicField({ selectionSet, operation }: OperationDefinitionNode): boolean {
    const fields = this.#parts.schema.getRootType(operation)?.getFields() ?? {};
    return selectionSet.selections.some((selection) => {
      if (selection.kind !== Kind.FIELD || selection.name.value.startsWith("__")) return true;
      const name = fields[selection.name.value]?.extensions["operation"];
      return this.#operations.get(String(name))?.permission === "public";
    });
  }
}

/** Follows a subscription: its results, or one that says why it cannot be followed. */
export async function follow(
  args: ReadyRequest["args"],
): Promise<AsyncGenerator<ExecutionResult, void, void> | ExecutionResult> {
  const left = new AbortController();
  const { context } = args.contextValue;
  const signal = AbortSignal.any([context.signal, left.signal]);
  const source = await subscribe({ ...args, contextValue: args.contextValue.endingBy(signal) });
  if (!(Symbol.asyncIterator in source)) return source;
  return new ResultStream(source, () => left.abort());
}
