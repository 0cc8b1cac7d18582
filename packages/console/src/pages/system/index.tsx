import { Route, Switch } from "wouter";
import { PageFrame } from "../../components/page.tsx";
import { SectionNav } from "../../components/section-nav.tsx";
import { useMay } from "../../session/use-session.ts";
import { useText } from "../../text/use-text.ts";
import { BackupSection } from "./backup-section.tsx";
import { LogSection } from "./log-section.tsx";
import { systemMessages } from "./messages.ts";
import { OverviewSection } from "./overview-section.tsx";
import { SettingSection } from "./setting-section.tsx";
import { SupportSection } from "./support-section.tsx";

/** The server as a whole: what it is and stands on, how it is set, its backups and its log. */
export function Page() {
  const say = useText(systemMessages);
  const may = useMay();
  const sections = [
    { path: "/system", title: say("overview"), needs: "system.parts" },
    { path: "/system/settings", title: say("settings"), needs: "system.settings" },
    { path: "/system/backups", title: say("backups"), needs: "backup.list" },
    { path: "/system/log", title: say("log"), needs: "system.log_levels.get" },
    { path: "/system/support", title: say("support"), needs: "system.support_bundle" },
  ] as const;
  return (
    <PageFrame title={say("title")} lead={say("lead")}>
      <SectionNav label={say("sections")} sections={sections.filter(({ needs }) => may(needs))} />
      <Switch>
        <Route path="/system/settings" component={SettingSection} />
        <Route path="/system/backups" component={BackupSection} />
        <Route path="/system/log" component={LogSection} />
        <Route path="/system/support" component={SupportSection} />
        <Route component={OverviewSection} />
      </Switch>
    </PageFrame>
  );
}
