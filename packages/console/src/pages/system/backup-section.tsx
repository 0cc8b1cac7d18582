import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { CopyButton } from "../../components/copy-button.tsx";
import { type Column, DataTable } from "../../components/data-table.tsx";
import { EmptyState } from "../../components/notice.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { Time } from "../../components/time.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useChange, useOperation } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { systemMessages } from "./messages.ts";
import styles from "./system.module.css";
import type { Backup } from "./system-parts.ts";
import { useVerdicts } from "./use-verdicts.ts";

/** Backups: made, listed, proved, and how one is restored. */
export function BackupSection() {
  const say = useText(systemMessages);
  const toasts = useToasts();
  const create = useChange("backup.create");
  const { data, error, isLoading, refetch } = useOperation("backup.list", {});
  const newest = data?.backups[0];
  const command = `llmp restore ${newest?.file ?? "FILE"} --data-dir FOLDER`;
  return (
    <>
      <div className={styles["head"]}>
        <span className={styles["hint"]}>{say("backup_elsewhere")}</span>
        <Button
          look="primary"
          icon="plus"
          isBusy={create.isPending}
          onClick={() =>
            create.mutate(
              {},
              {
                onSuccess: ({ file }) => toasts.done(say("backup_made", { name: nameOf(file) })),
                onError: toasts.failed,
              },
            )
          }
        >
          {say("make_backup")}
        </Button>
      </div>
      <Card>
        <DataTable
          caption={say("backups")}
          columns={useColumns()}
          rows={data?.backups ?? []}
          keyOf={({ name }) => name}
          isLoading={isLoading}
          error={error}
          onRetry={() => void refetch()}
          empty={<EmptyState icon="server" title={say("no_backups_title")} text={say("no_backups_text")} />}
        />
      </Card>
      <Card title={say("restore")}>
        <p>{say("restore_text")}</p>
        <pre className={styles["whole"]} tabIndex={0} aria-label={say("restore")}>
          {command}
        </pre>
        <div>
          <CopyButton text={command} label={say("copy_command")} />
        </div>
      </Card>
    </>
  );
}

function useColumns(): readonly Column<Backup>[] {
  const say = useText(systemMessages);
  const formats = useFormats();
  const { verdictOf, isBusy, verify } = useVerdicts();
  return [
    { key: "made", title: say("made_at"), cell: ({ made_at }) => <Time at={made_at} /> },
    {
      key: "state",
      title: say("state"),
      cell: ({ name }) => {
        const verdict = verdictOf(name);
        if (verdict === undefined) return <StateMark tone="none">{say("not_checked")}</StateMark>;
        return (
          <span title={verdict.problem ?? undefined}>
            <StateMark tone={verdict.is_good ? "good" : "bad"}>
              {say(verdict.is_good ? "is_good" : "is_bad")}
            </StateMark>
          </span>
        );
      },
    },
    { key: "size", title: say("size"), isNumber: true, cell: ({ bytes }) => formats.bytes(bytes) },
    { key: "file", title: say("file"), cell: ({ file }) => <code>{file}</code> },
    {
      key: "check",
      title: say("check"),
      cell: ({ name }) => (
        <Button
          look="quiet"
          icon="check"
          isBusy={isBusy(name)}
          aria-label={say("check_label", { name })}
          onClick={() => verify(name)}
        >
          {say("check")}
        </Button>
      ),
    },
  ];
}

function nameOf(file: string): string {
  return file.split(/[/\\]/).at(-1) ?? file;
}
