import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { EmptyState } from "../../components/notice.tsx";
import { Grid } from "../../components/page.tsx";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import type { ListedRoute } from "./looks.ts";
import { routingMessages } from "./messages.ts";
import { RouteCard } from "./route-card.tsx";
import styles from "./routing.module.css";
import type { PlaceFigures } from "./use-figures.ts";

interface MadeNamesProps {
  readonly routes: readonly ListedRoute[];
  readonly figures: ReadonlyMap<string, PlaceFigures> | undefined;
  onExplain(model: string): void;
  onNew(): void;
  onChange(model: string): void;
}

/** Routes and aliases, those of the configuration and those of operators. */
export function MadeNames({ routes, figures, onExplain, onNew, onChange }: MadeNamesProps) {
  const say = useText(routingMessages);
  return (
    <section className={styles["section"]} aria-labelledby="routing-names">
      <div className={styles["head"]}>
        <h2 id="routing-names">{say("names")}</h2>
        <Allowed to="routes.create">
          <Button icon="plus" onClick={onNew}>
            {say("new_name")}
          </Button>
        </Allowed>
      </div>
      <p>{say("names_text")}</p>
      {routes.length === 0 ? (
        <Card>
          <EmptyState icon="route" title={say("no_names_title")} text={say("no_names_text")} />
        </Card>
      ) : (
        <Grid look="wide">
          {routes.map((route) => (
            <RouteCard
              key={route.model}
              route={route}
              figures={figures}
              onExplain={onExplain}
              onChange={onChange}
            />
          ))}
        </Grid>
      )}
    </section>
  );
}
