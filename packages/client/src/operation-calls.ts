import type { CallOptions } from "./call-options.ts";
import { operationRoutes, type OperationTypes } from "./generated/operations.ts";
import { toQuery } from "./query.ts";

export type OperationName = keyof OperationTypes;
export type OperationInput<Name extends OperationName> = OperationTypes[Name]["input"];
export type OperationOutput<Name extends OperationName> = OperationTypes[Name]["output"];

/** Runs operations by their names, with the types of the server's own table. */
export interface OperationCalls {
  /** Rejects with ClientError. */
  run<Name extends OperationName>(
    name: Name,
    input: OperationInput<Name>,
    options?: Pick<CallOptions, "signal" | "timeoutMs">,
  ): Promise<OperationOutput<Name>>;
}

export function createOperationCalls({
  call,
}: {
  call<Output>(path: string, options?: CallOptions): Promise<Output>;
}): OperationCalls {
  return {
    run(name, input, options = {}) {
      const { method, path } = operationRoutes[name];
      const rest = new Map<string, unknown>(Object.entries(input));
      const filled = path.replaceAll(/\{(\w+)\}/g, (_whole, parameter: string) => {
        const value = rest.get(parameter);
        rest.delete(parameter);
        return encodeURIComponent(String(value));
      });
      if (method === "GET" || method === "DELETE")
        return call(filled + toQuery(Object.fromEntries(rest)), { ...options, method });
      return call(filled, { ...options, method, body: Object.fromEntries(rest) });
    },
  };
}
