import { Route, Switch } from "wouter";
import { IntegrationList } from "./integration-list.tsx";
import { IntegrationPage } from "./integration-page.tsx";

/** Every integration, and each on a page of its own. */
export function Page() {
  return (
    <Switch>
      <Route path="/integrations/:name">
        {({ name }) => <IntegrationPage key={name} name={decodeURIComponent(name)} />}
      </Route>
      <Route>
        <IntegrationList />
      </Route>
    </Switch>
  );
}
