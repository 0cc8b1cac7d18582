import type { OperationOutput } from "@llm-platform/client";
import { useOwners } from "./use-owners.ts";

type Target = OperationOutput<"audit.list">["records"][number]["target"];

/** What somebody has acted on, by its name. Records from before names were kept have a user's id alone. */
export function AuditTarget({ of }: { readonly of: Target }) {
  const { nameOf } = useOwners();
  if (of === null) return null;
  const { type, id, name } = of;
  const shown = name ?? (type === "user" && id !== null ? nameOf(id) : id);
  return <span title={id ?? undefined}>{shown}</span>;
}
