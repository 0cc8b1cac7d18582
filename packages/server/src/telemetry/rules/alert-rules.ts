import { callAlerts } from "./call-alerts.ts";
import { platformAlerts } from "./platform-alerts.ts";
import { resourceAlerts } from "./resource-alerts.ts";
import type { AlertRule, RuleGroup } from "./rule.ts";

/** Every alert of the platform. */
export const alertRules: readonly RuleGroup<AlertRule>[] = [
  { name: "llm-platform-calls", rules: callAlerts },
  { name: "llm-platform-parts", rules: platformAlerts },
  { name: "llm-platform-resources", rules: resourceAlerts },
];
