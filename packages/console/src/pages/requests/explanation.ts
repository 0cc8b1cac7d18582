import type { OperationOutput } from "@llm-platform/client";

/** A call, as it is explained. */
export type Explanation = OperationOutput<"requests.get">;
