import type { OperationName } from "@llm-platform/client";
import type { ReactNode } from "react";
import { useMay } from "./use-session.ts";

/** Shows its children to those who may run the operation, and nothing to others. */
export function Allowed({ to, children }: { readonly to: OperationName; readonly children: ReactNode }) {
  return useMay()(to) ? children : null;
}
