import { memo, useCallback, useMemo, useState } from "react";
import { useSearchParams } from "wouter";
import { Button } from "../../components/button.tsx";
import { SelectField, TextField } from "../../components/field.tsx";
import { Card } from "../../components/card.tsx";
import { PageFrame } from "../../components/page.tsx";
import { useOperation } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import { requestMessages } from "./messages.ts";
import { readWanted, sorts, spans, statuses, type Wanted } from "./request-filter.ts";
import styles from "./requests.module.css";
import { RequestTable } from "./request-table.tsx";
import { useRequests } from "./use-requests.ts";

/** The log of requests, which grows at its head while one looks. */
export function RequestList() {
  const say = useText(requestMessages);
  const [parameters, setParameters] = useSearchParams();
  const [isPaused, setIsPaused] = useState(false);
  const wanted = useMemo(() => readWanted(parameters), [parameters]);
  const { pages, rows, waiting } = useRequests(wanted, isPaused);
  const want = useCallback(
    (change: Partial<Wanted>) =>
      setParameters(
        Object.entries({ ...wanted, ...change }).filter(
          ([name, value]) => value !== "" && !(name === "sort" && value === "time"),
        ),
        { replace: true },
      ),
    [wanted, setParameters],
  );
  const isLive = wanted.sort === "time";
  return (
    <PageFrame
      title={say("title")}
      lead={say("lead")}
      actions={
        isLive ? (
          <Button icon={isPaused ? "play" : "pause"} onClick={() => setIsPaused(!isPaused)}>
            {isPaused ? say("go_on", { count: waiting }) : say("pause")}
          </Button>
        ) : null
      }
    >
      <Filter wanted={wanted} onChange={want} />
      <Card isLive={isLive}>
        <RequestTable rows={rows} pages={pages} isFiltered={parameters.size > 0} />
      </Card>
    </PageFrame>
  );
}

interface FilterProps {
  readonly wanted: Wanted;
  onChange(change: Partial<Wanted>): void;
}

/** It stays as it is while rows come. */
const Filter = memo(function Filter({ wanted, onChange }: FilterProps) {
  const say = useText(requestMessages);
  return (
    <div className={styles["filter"]} role="search">
      <TextField
        label={say("search")}
        type="search"
        placeholder={say("search_hint")}
        value={wanted.search}
        onChange={(search) => onChange({ search })}
      />
      <SelectField
        label={say("status")}
        value={wanted.status}
        options={[
          { value: "", label: say("any") },
          ...statuses.map((value) => ({ value, label: say(`status_${value}`) })),
        ]}
        onChange={(status) => onChange({ status })}
      />
      <Allowed to="integrations.list">
        <IntegrationFilter value={wanted.integration} onChange={(integration) => onChange({ integration })} />
      </Allowed>
      <SelectField
        label={say("span")}
        value={wanted.span}
        options={[
          { value: "", label: say("any") },
          ...spans.map((value) => ({ value, label: say(`span_${value}`) })),
        ]}
        onChange={(span) => onChange({ span })}
      />
      <SelectField
        label={say("sort")}
        value={wanted.sort}
        options={sorts.map((value) => ({ value, label: say(`sort_${value}`) }))}
        onChange={(sort) => onChange({ sort })}
      />
    </div>
  );
});

function IntegrationFilter({ value, onChange }: { readonly value: string; onChange(value: string): void }) {
  const say = useText(requestMessages);
  const { data } = useOperation("integrations.list", {});
  const names = (data?.integrations ?? [])
    .filter(({ type }) => type === "model_platform")
    .map(({ name }) => name);
  const known = value === "" || names.includes(value) ? names : [value, ...names];
  return (
    <SelectField
      label={say("integration")}
      value={value}
      options={[{ value: "", label: say("any") }, ...known.map((name) => ({ value: name, label: name }))]}
      onChange={onChange}
    />
  );
}
