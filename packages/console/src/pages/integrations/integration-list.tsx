import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { SelectField } from "../../components/field.tsx";
import { FindBar } from "../../components/find-bar.tsx";
import { type IntegrationStatus, stateLooks } from "../../components/integration-state.ts";
import { EmptyState, ErrorState, Skeleton } from "../../components/notice.tsx";
import { Grid, PageFrame } from "../../components/page.tsx";
import { useOperation } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import { AddDrawer } from "./adding/add-drawer.tsx";
import { IntegrationCard } from "./integration-card.tsx";
import styles from "./integrations.module.css";
import { integrationMessages } from "./messages.ts";
import { useIntegrationFigures } from "./use-figures.ts";

const types = ["model_platform", "monitoring", "service", "api"] as const;
type Wanted = "all" | "troubled";

export function IntegrationList() {
  const say = useText(integrationMessages);
  const { data, error, refetch } = useOperation("integrations.list", {});
  const figures = useIntegrationFigures();
  const [text, setText] = useState("");
  const [wanted, setWanted] = useState<Wanted>("all");
  const [isAdding, setIsAdding] = useState(false);
  const shown = (data?.integrations ?? []).filter(
    (each) => fits(each, text) && (wanted === "all" || isTroubled(each)),
  );
  return (
    <PageFrame
      title={say("title")}
      lead={say("lead")}
      actions={
        <Allowed to="integrations.create">
          <Button look="primary" icon="plus" onClick={() => setIsAdding(true)}>
            {say("add")}
          </Button>
        </Allowed>
      }
    >
      <FindBar label={say("search")} hint={say("search_hint")} text={text} onFind={setText}>
        <SelectField
          label={say("state")}
          value={wanted}
          options={[
            { value: "all", label: say("all") },
            { value: "troubled", label: say("troubled") },
          ]}
          onChange={setWanted}
        />
      </FindBar>
      {error === null || data !== undefined ? null : (
        <ErrorState error={error} onRetry={() => void refetch()} />
      )}
      {data === undefined && error === null ? <Skeleton lines={9} /> : null}
      {data !== undefined && shown.length === 0 ? (
        <EmptyState icon="plug" title={say("none_title")} text={say("none_text")} />
      ) : null}
      {types.map((type) => {
        const own = shown.filter((each) => each.type === type);
        return own.length === 0 ? null : (
          <section key={type} className={styles["group"]} aria-label={say(type)}>
            <h2>{say(type)}</h2>
            <Grid>
              {own.map((status) => (
                <IntegrationCard key={status.name} status={status} figures={figures.get(status.name)} />
              ))}
            </Grid>
          </section>
        );
      })}
      {isAdding ? <AddDrawer onClose={() => setIsAdding(false)} /> : null}
    </PageFrame>
  );
}

function fits({ name, use, state, summary }: IntegrationStatus, text: string): boolean {
  return [name, use, state, summary].join(" ").toLowerCase().includes(text.trim().toLowerCase());
}

function isTroubled({ state }: IntegrationStatus): boolean {
  const { tone } = stateLooks[state];
  return tone === "bad" || tone === "warn";
}
