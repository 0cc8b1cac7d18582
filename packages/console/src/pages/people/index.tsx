import { Route, Switch } from "wouter";
import { PageFrame } from "../../components/page.tsx";
import { SectionNav } from "../../components/section-nav.tsx";
import { useMay } from "../../session/use-session.ts";
import { useText } from "../../text/use-text.ts";
import { peopleMessages } from "./messages.ts";
import { RoleSection } from "./role-section.tsx";
import { SessionSection } from "./session-section.tsx";
import { TeamSection } from "./team-section.tsx";
import { UserSection } from "./user-section.tsx";

/** Who is known: users, teams and roles, and who is logged in. */
export function Page() {
  const say = useText(peopleMessages);
  const may = useMay();
  const sections = [
    { path: "/people", title: say("users"), needs: "users.list" },
    { path: "/people/teams", title: say("teams"), needs: "teams.list" },
    { path: "/people/roles", title: say("roles"), needs: "roles.list" },
    { path: "/people/sessions", title: say("sessions"), needs: "sessions.list" },
  ] as const;
  return (
    <PageFrame title={say("title")} lead={say("lead")}>
      <SectionNav label={say("sections")} sections={sections.filter(({ needs }) => may(needs))} />
      <Switch>
        <Route path="/people/teams" component={TeamSection} />
        <Route path="/people/roles" component={RoleSection} />
        <Route path="/people/sessions" component={SessionSection} />
        <Route component={UserSection} />
      </Switch>
    </PageFrame>
  );
}
