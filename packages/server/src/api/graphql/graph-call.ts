import { PlatformError } from "@llm-platform/kit";
import type { Operation, OperationContext } from "../../control/operation.ts";
import { newRequestId } from "../../wire/request-id.ts";
import { BatchLoader } from "./batch-loader.ts";

export interface GraphCallParts {
  readonly context: OperationContext;
  /** Why nobody knows who calls: `unauthenticated`. Undefined for a caller who is known. */
  readonly unknownCaller: PlatformError | undefined;
  readonly operations: ReadonlyMap<string, Operation>;
  /** What the caller's address is counted by; undefined where none has a limit. */
  readonly limitAddress: string | undefined;
  /** W3C traceparent of the client. */
  readonly traceparent: string | undefined;
}

/** What the fields of one request to the graph share: who asks, and what was asked for already. */
export class GraphCall {
  readonly #parts: GraphCallParts;
  readonly context: OperationContext;
  readonly limitAddress: string | undefined;
  readonly traceparent: string | undefined;
  readonly #unknownCaller: PlatformError | undefined;
  readonly #operations: ReadonlyMap<string, Operation>;
  #hasCalled = false;
  readonly #loaders = new Map<string, BatchLoader<unknown>>();

  constructor(parts: GraphCallParts) {
    const { context, unknownCaller, operations, limitAddress, traceparent } = parts;
    this.#parts = parts;
    this.context = context;
    this.limitAddress = limitAddress;
    this.traceparent = traceparent;
    this.#unknownCaller = unknownCaller;
    this.#operations = operations;
  }

  /** The same for what ends by another signal as well. */
  endingBy(signal: AbortSignal): GraphCall {
    return new GraphCall({ ...this.#parts, context: { ...this.context, signal } });
  }

  /** What was found is looked up anew from now on. */
  forgetFound(): void {
    this.#loaders.clear();
  }

  /** An id for one more call of a model: the request's own for the first. */
  nextRequestId(): string {
    const isFirst = !this.#hasCalled;
    this.#hasCalled = true;
    return isFirst ? this.context.requestId : newRequestId();
  }

  /** Throws PlatformError `unauthenticated`, and has it on record, where the caller is not known. */
  requireCaller(name: string): void {
    if (this.#unknownCaller === undefined) return;
    const { auditor } = this.context;
    auditor.noteRefusal(
      { ...this.context, principal: undefined },
      { operation: name, error: this.#unknownCaller },
    );
    throw this.#unknownCaller;
  }

  /** Runs an operation for the caller. Rejects as it does, and with `unauthenticated`. */
  async run(name: string, input: unknown): Promise<unknown> {
    const operation = this.#operations.get(name);
    if (operation === undefined)
      throw new PlatformError("not_found", `This server has no operation ${name}.`);
    if (operation.permission !== "public") this.requireCaller(name);
    const isChange = operation.rest.method !== "GET";
    try {
      return await operation.run(input, this.context);
    } finally {
      // What was found before it may be no longer so.
      if (isChange) this.forgetFound();
    }
  }

  /** The loader of that name, made when it is asked for first: what many fields ask it for is looked up at once. */
  loader(
    name: string,
    load: (keys: readonly string[]) => Promise<ReadonlyMap<string, unknown>>,
  ): BatchLoader<unknown> {
    const known = this.#loaders.get(name);
    if (known !== undefined) return known;
    const loader = new BatchLoader(load);
    this.#loaders.set(name, loader);
    return loader;
  }
}
