import { useState } from "react";
import { Card } from "../../components/card.tsx";
import { type Column, DataTable } from "../../components/data-table.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { FactList } from "../../components/fact-list.tsx";
import { SelectField } from "../../components/field.tsx";
import { FindBar } from "../../components/find-bar.tsx";
import { EmptyState, Notice } from "../../components/notice.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { useIsNarrow } from "../../components/use-is-narrow.ts";
import { useOperation } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { systemMessages } from "./messages.ts";
import styles from "./system.module.css";
import type { Setting } from "./system-parts.ts";

const origins = ["run_time", "flag", "env", "file", "default"] as const;

/** Every setting with its value and where that comes from. */
export function SettingSection() {
  const say = useText(systemMessages);
  const [text, setText] = useState("");
  const [origin, setOrigin] = useState<"" | Setting["origin"]>("");
  const [opened, setOpened] = useState<string>();
  const { data, error, isLoading, refetch } = useOperation("system.settings", {
    search: text,
    ...(origin === "" ? {} : { origin }),
  });
  const open = data?.settings.find(({ key }) => key === opened);
  return (
    <>
      <FindBar label={say("find")} hint={say("find_setting")} text={text} onFind={setText}>
        <SelectField
          label={say("from")}
          value={origin}
          options={[
            { value: "", label: say("every_origin") },
            ...origins.map((each) => ({ value: each, label: say(`origin_${each}`) })),
          ]}
          onChange={setOrigin}
        />
      </FindBar>
      <Card>
        <DataTable
          caption={say("settings")}
          columns={useColumns()}
          rows={data?.settings ?? []}
          keyOf={({ key }) => key}
          onOpen={({ key }) => setOpened(key)}
          isLoading={isLoading}
          error={error}
          onRetry={() => void refetch()}
          empty={<EmptyState icon="search" title={say("none_fits_title")} text={say("none_fits_text")} />}
        />
      </Card>
      <p className={styles["hint"]}>
        {say("config_file")}: <code>{data?.file ?? say("no_file")}</code>. {say("integration_hint")}
      </p>
      {open === undefined ? null : <SettingDrawer of={open} onClose={() => setOpened(undefined)} />}
    </>
  );
}

function useColumns(): readonly Column<Setting>[] {
  const say = useText(systemMessages);
  const isNarrow = useIsNarrow();
  if (isNarrow)
    return [{ key: "all", title: say("settings"), cell: (setting) => <StackedSetting of={setting} /> }];
  return [
    { key: "key", title: say("setting"), cell: ({ key }) => key },
    { key: "value", title: say("value"), cell: (setting) => <Value of={setting} /> },
    { key: "origin", title: say("from"), cell: ({ origin }) => <OriginMark of={origin} /> },
    { key: "unit", title: say("unit"), cell: ({ unit }) => unit },
  ];
}

/** Where columns have no room: the value and where it comes from stand below the name. */
function StackedSetting({ of }: { readonly of: Setting }) {
  return (
    <span className={styles["stacked"]}>
      <span>{of.key}</span>
      <Value of={of} />
      <OriginMark of={of.origin} />
    </span>
  );
}

function Value({ of: { value } }: { readonly of: Setting }) {
  const say = useText(systemMessages);
  return <span className={styles["value"]}>{value === null ? say("not_set") : toText(value)}</span>;
}

function OriginMark({ of }: { readonly of: Setting["origin"] }) {
  const say = useText(systemMessages);
  const icon = { run_time: "bolt", flag: "flag", env: "screen", file: "scroll", default: "minus" } as const;
  return (
    <StateMark tone={of === "default" ? "none" : of === "run_time" ? "warn" : "calm"} icon={icon[of]}>
      {say(`origin_${of}`)}
    </StateMark>
  );
}

function SettingDrawer({ of, onClose }: { readonly of: Setting; onClose(): void }) {
  const say = useText(systemMessages);
  return (
    <Dialog look="drawer" title={of.key} onClose={onClose}>
      <p>{of.doc}</p>
      {of.is_secret ? <Notice>{say("secret_hint")}</Notice> : null}
      <pre className={styles["whole"]} tabIndex={0} aria-label={say("value")}>
        {of.value === null ? say("not_set") : toText(of.value, 2)}
      </pre>
      <FactList
        facts={[
          [say("from"), <OriginMark key="origin" of={of.origin} />],
          [
            say("default"),
            of.default === null ? say("not_set") : <code key="default">{toText(of.default)}</code>,
          ],
          [say("type"), of.type],
          ...(of.unit === null ? [] : [[say("unit"), of.unit] as const]),
          [say("env"), <code key="env">{of.env.join(", ")}</code>],
        ]}
      />
      <p className={styles["hint"]}>{say(`change_hint_${of.origin}`)}</p>
    </Dialog>
  );
}

function toText(value: unknown, indent = 0): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, indent);
}
