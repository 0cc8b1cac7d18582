import { Route, Switch } from "wouter";
import { RequestList } from "./request-list.tsx";
import { RequestPage } from "./request-page.tsx";

/** Calls of models as they end, and each explained on a page of its own. */
export function Page() {
  return (
    <Switch>
      <Route path="/requests/:id">{({ id }) => <RequestPage key={id} id={decodeURIComponent(id)} />}</Route>
      <Route>
        <RequestList />
      </Route>
    </Switch>
  );
}
