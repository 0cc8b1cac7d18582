import type { ComponentType } from "react";
import type { IconName } from "./components/icon.tsx";
import type { Deed } from "./session/use-session.ts";
import type { ShellKey } from "./shell/messages.ts";

/** A page of the console. */
export interface PageEntry {
  readonly title: ShellKey;
  /** Below `/console`; the page has everything below it too. */
  readonly path: string;
  readonly icon: IconName;
  readonly group: "watch" | "run" | "manage" | "self";
  /** Who may do this may see the page. */
  readonly needs: Deed;
  load(): Promise<{ readonly Page: ComponentType }>;
}

/** Every page, in the order of the navigation. Each is fetched when it is first opened. */
export const pages: readonly PageEntry[] = [
  {
    title: "page_home",
    path: "/",
    icon: "home",
    group: "watch",
    needs: "system.info",
    load: () => import("./pages/home/index.tsx"),
  },
  {
    title: "page_requests",
    path: "/requests",
    icon: "list",
    group: "watch",
    needs: "requests.list",
    load: () => import("./pages/requests/index.tsx"),
  },
  {
    title: "page_usage",
    path: "/usage",
    icon: "coins",
    group: "watch",
    needs: "usage.sum",
    load: () => import("./pages/usage/index.tsx"),
  },
  {
    title: "page_alerts",
    path: "/alerts",
    icon: "bell",
    group: "watch",
    needs: "alerts.list",
    load: () => import("./pages/alerts/index.tsx"),
  },
  {
    title: "page_integrations",
    path: "/integrations",
    icon: "plug",
    group: "run",
    needs: "integrations.list",
    load: () => import("./pages/integrations/index.tsx"),
  },
  {
    title: "page_models",
    path: "/models",
    icon: "cube",
    group: "run",
    needs: "models.list",
    load: () => import("./pages/models/index.tsx"),
  },
  {
    title: "page_routing",
    path: "/routing",
    icon: "route",
    group: "run",
    needs: "routes.list",
    load: () => import("./pages/routing/index.tsx"),
  },
  {
    title: "page_playground",
    path: "/playground",
    icon: "chat",
    group: "run",
    needs: "inference.call",
    load: () => import("./pages/playground/index.tsx"),
  },
  {
    title: "page_start",
    path: "/start",
    icon: "flag",
    group: "manage",
    needs: "integrations.list",
    load: () => import("./pages/start/index.tsx"),
  },
  {
    title: "page_keys",
    path: "/keys",
    icon: "key",
    group: "manage",
    needs: "keys.list",
    load: () => import("./pages/keys/index.tsx"),
  },
  {
    title: "page_people",
    path: "/people",
    icon: "people",
    group: "manage",
    needs: "users.list",
    load: () => import("./pages/people/index.tsx"),
  },
  {
    title: "page_audit",
    path: "/audit",
    icon: "scroll",
    group: "manage",
    needs: "audit.list",
    load: () => import("./pages/audit/index.tsx"),
  },
  {
    title: "page_settings",
    path: "/system",
    icon: "gear",
    group: "manage",
    needs: "system.settings",
    load: () => import("./pages/system/index.tsx"),
  },
  {
    title: "page_account",
    path: "/account",
    icon: "person",
    group: "self",
    needs: "access.whoami",
    load: () => import("./pages/account/index.tsx"),
  },
];
