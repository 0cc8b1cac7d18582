import { useState } from "react";
import { Card } from "../../components/card.tsx";
import { type Column, DataTable } from "../../components/data-table.tsx";
import { TextField } from "../../components/field.tsx";
import { EmptyState } from "../../components/notice.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useText } from "../../text/use-text.ts";
import { type ListedRoute, stateTones } from "./looks.ts";
import { routingMessages } from "./messages.ts";
import styles from "./routing.module.css";

interface ModelTableProps {
  readonly routes: readonly ListedRoute[];
  onOpen(route: ListedRoute): void;
}

/** Names that no setting makes: what integrations offer, by their priorities. */
export function ModelTable({ routes, onOpen }: ModelTableProps) {
  const say = useText(routingMessages);
  const formats = useFormats();
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase();
  const shown = routes.filter(({ model }) => model.toLowerCase().includes(wanted));
  const columns: readonly Column<ListedRoute>[] = [
    { key: "model", title: say("name"), cell: ({ model }) => <code>{model}</code> },
    {
      key: "state",
      title: say("state"),
      cell: ({ state }) => <StateMark tone={stateTones[state]}>{say(`state_${state}`)}</StateMark>,
    },
    {
      key: "first",
      title: say("goes_first_to"),
      cell: ({ candidates }) => candidates.toSorted((one, other) => other.chance - one.chance)[0]?.target,
    },
    {
      key: "places",
      title: say("places"),
      isNumber: true,
      cell: ({ candidates }) => formats.count(candidates.length),
    },
  ];
  return (
    <Card title={say("models")} isLive>
      <p>{say("models_text")}</p>
      {routes.length === 0 ? null : (
        <div className={styles["find"]}>
          <TextField label={say("find")} type="search" value={search} onChange={setSearch} />
        </div>
      )}
      <DataTable
        caption={say("models")}
        columns={columns}
        rows={shown}
        keyOf={({ model }) => model}
        onOpen={onOpen}
        empty={<EmptyState icon="cube" title={say("no_models_title")} text={say("no_models_text")} />}
      />
    </Card>
  );
}
