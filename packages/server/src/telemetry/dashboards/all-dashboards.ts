import { costDashboard } from "./cost.ts";
import type { Dashboard } from "./dashboard.ts";
import { modelsDashboard } from "./models.ts";
import { overviewDashboard } from "./overview.ts";
import { resourcesDashboard } from "./resources.ts";
import { sloDashboard } from "./slo.ts";

/** Every dashboard that comes with the platform. */
export const dashboards: readonly Dashboard[] = [
  overviewDashboard,
  modelsDashboard,
  resourcesDashboard,
  costDashboard,
  sloDashboard,
];
