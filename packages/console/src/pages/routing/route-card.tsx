import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { Time } from "../../components/time.tsx";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import { DeleteButton } from "./delete-button.tsx";
import { type ListedRoute, stateTones } from "./looks.ts";
import { LimitFacts } from "./limit-facts.tsx";
import { routingMessages } from "./messages.ts";
import { PlaceList } from "./place-list.tsx";
import styles from "./routing.module.css";
import type { PlaceFigures } from "./use-figures.ts";

interface RouteCardProps {
  readonly route: ListedRoute;
  readonly figures: ReadonlyMap<string, PlaceFigures> | undefined;
  onExplain(model: string): void;
  onChange(model: string): void;
}

/** A name that somebody has made, with everything that it leads to. */
export function RouteCard({ route, figures, onExplain, onChange }: RouteCardProps) {
  const say = useText(routingMessages);
  return (
    <Card
      title={route.model}
      isLive
      actions={<StateMark tone={stateTones[route.state]}>{say(`state_${route.state}`)}</StateMark>}
    >
      <RouteFacts route={route} />
      <PlaceList
        label={say("places_of", { name: route.model })}
        places={route.candidates}
        figures={figures}
      />
      <div className={styles["actions"]}>
        <Button
          look="quiet"
          icon="search"
          aria-label={say("explain_name", { name: route.model })}
          onClick={() => onExplain(route.model)}
        >
          {say("explain")}
        </Button>
        {route.origin === "operator" ? (
          <>
            <Allowed to="routes.update">
              <Button
                look="quiet"
                icon="wrench"
                aria-label={say("change_name", { name: route.model })}
                onClick={() => onChange(route.model)}
              >
                {say("change")}
              </Button>
            </Allowed>
            <DeleteButton route={route} />
          </>
        ) : null}
      </div>
    </Card>
  );
}

/** What makes a name, and what bounds it. */
export function RouteFacts({
  route: { kind, alias_of: aliasOf, setting, changed_at: changedAt, limits },
}: Pick<RouteCardProps, "route">) {
  const say = useText(routingMessages);
  return (
    <>
      <p className={styles["facts"]}>
        <span>{aliasOf === null ? say(`kind_${kind}`) : say("alias_of", { name: aliasOf })}</span>
        {setting === null ? null : (
          <span>
            {say("set_by")} <code>{setting}</code>
          </span>
        )}
        {changedAt === null ? null : (
          <span>
            {say("changed")} <Time at={changedAt} look="distance" />
          </span>
        )}
      </p>
      <LimitFacts limits={limits} />
    </>
  );
}
