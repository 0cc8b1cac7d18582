import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "../../components/button.tsx";
import { TextField } from "../../components/field.tsx";
import { PageFrame } from "../../components/page.tsx";
import { saveFile } from "../../components/save-file.ts";
import { useToasts } from "../../components/toast.tsx";
import { useSession } from "../../session/use-session.ts";
import { useText } from "../../text/use-text.ts";
import styles from "./audit.module.css";
import { type Filter, noFilter, toQuestion } from "./filter.ts";
import { auditMessages } from "./messages.ts";
import { RecordTable } from "./record-table.tsx";
import { Verdict } from "./verdict.tsx";

/** Who changed what, and whether the records of it are as they were written. */
export function Page() {
  const say = useText(auditMessages);
  const [filter, setFilter] = useState(noFilter);
  return (
    <PageFrame title={say("title")} lead={say("lead")} actions={<ExportButton filter={filter} />}>
      <Verdict />
      <FilterFields filter={filter} onChange={setFilter} />
      <RecordTable filter={filter} />
    </PageFrame>
  );
}

function FilterFields({ filter, onChange }: { readonly filter: Filter; onChange(filter: Filter): void }) {
  const say = useText(auditMessages);
  const texts = ["actor", "operation", "target"] as const;
  const times = ["from", "to"] as const;
  return (
    <div className={styles["filter"]} role="search" aria-label={say("filter")}>
      {texts.map((name) => (
        <TextField
          key={name}
          label={say(name)}
          hint={say(`${name}_hint`)}
          type="search"
          value={filter[name]}
          onChange={(value) => onChange({ ...filter, [name]: value })}
        />
      ))}
      {times.map((name) => (
        <TextField
          key={name}
          label={say(name)}
          type="datetime-local"
          value={filter[name]}
          onChange={(value) => onChange({ ...filter, [name]: value })}
        />
      ))}
    </div>
  );
}

/** As many records as one answer has. */
const limit = 1_000;

/** Everything that the filter lets through, a record a line. */
function ExportButton({ filter }: { readonly filter: Filter }) {
  const say = useText(auditMessages);
  const toasts = useToasts();
  const session = useSession();
  const save = useMutation<void>({
    async mutationFn() {
      const lines: string[] = [];
      for (let cursor: string | null | undefined; cursor !== null; ) {
        const page = await session.run("audit.list", {
          ...toQuestion(filter),
          limit,
          ...(cursor === undefined ? {} : { cursor }),
        });
        lines.push(...page.records.map((record) => `${JSON.stringify(record)}\n`));
        cursor = page.next_cursor;
      }
      saveFile("audit.jsonl", "application/jsonl", lines);
    },
    onSuccess: () => toasts.done(say("exported")),
    onError: toasts.failed,
  });
  return (
    <Button isBusy={save.isPending} onClick={() => save.mutate()}>
      {say("export")}
    </Button>
  );
}
