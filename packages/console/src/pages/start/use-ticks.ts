import { useOperation } from "../../query/use-operation.ts";

export type TickName = "provider" | "key" | "tls" | "backup" | "alerts" | "admin";

export interface Tick {
  readonly name: TickName;
  readonly isDone: boolean;
}

/** What takes alerts to where people see them. */
const channels = ["email", "slack", "alertmanager"];

/** What stands of the checklist, as the server tells it; what the reader may not see counts as not done. */
export function useTicks(): readonly Tick[] {
  const integrations = useOperation("integrations.list", {}).data?.integrations ?? [];
  const keys = useOperation("keys.list", { limit: 100 }).data?.keys ?? [];
  const admins = useOperation("users.list", { role: "admin", limit: 10 }).data?.users ?? [];
  const backups = useOperation("audit.list", { operation: "backup.create", limit: 10 }).data?.records ?? [];
  const isRunning = (is: (integration: (typeof integrations)[number]) => boolean) =>
    integrations.some((integration) => integration.state === "running" && is(integration));
  return [
    {
      name: "provider",
      isDone: isRunning(
        ({ type, use }) => type === "model_platform" && use !== "local" && use !== "huggingface",
      ),
    },
    { name: "key", isDone: keys.some(({ name, revoked_at }) => name !== "setup" && revoked_at === null) },
    { name: "tls", isDone: window.location.protocol === "https:" },
    { name: "backup", isDone: backups.some(({ outcome }) => outcome === "ok") },
    { name: "alerts", isDone: isRunning(({ use }) => channels.includes(use)) },
    { name: "admin", isDone: admins.filter(({ is_active }) => is_active).length > 1 },
  ];
}
