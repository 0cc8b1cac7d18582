import type { ReactNode } from "react";
import { Notice } from "../../components/notice.tsx";
import { useRepairs } from "../../components/repair-list.tsx";
import { useOperation } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { homeMessages } from "./messages.ts";

/** One sentence on how everything is. @param action leads to the repairs */
export function HealthBanner({ action }: { readonly action: ReactNode }) {
  const say = useText(homeMessages);
  const { data: repairs } = useRepairs();
  const { data: list } = useOperation("integrations.list", {});
  if (repairs === undefined) return null;
  const count = repairs.repairs.length;
  const up = list?.integrations.filter(({ state }) => state === "running").length ?? 0;
  if (count === 0) return <Notice tone="good">{say("all_well", { count: up })}</Notice>;
  const isCritical = repairs.repairs.some(({ severity }) => severity === "critical");
  const isBad = repairs.repairs.some(({ severity }) => severity !== "warning");
  return (
    <Notice tone={isBad ? "bad" : "warn"} action={action}>
      {isCritical ? `${say("critical")} ` : ""}
      {say("trouble", { count })}
    </Notice>
  );
}
