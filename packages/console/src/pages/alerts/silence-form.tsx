import { useState } from "react";
import { Dialog } from "../../components/dialog.tsx";
import { AreaField, SelectField, TextField } from "../../components/field.tsx";
import { FormEnd } from "../../components/form-end.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useChange } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { formatLabels, parseLabels } from "./label-text.ts";
import type { Rule } from "./looks.ts";
import { alertMessages } from "./messages.ts";
import styles from "./alerts.module.css";

const lengths = ["60", "240", "1440", "10080"] as const;

interface SilenceFormProps {
  /** What is to be silenced; empty where the reader chooses. */
  readonly labels: Readonly<Record<string, string>>;
  readonly rules: readonly Rule[];
  onClose(): void;
}

/** Makes a silence: of which alerts, for how long, and why. */
export function SilenceForm({ labels, rules, onClose }: SilenceFormProps) {
  const say = useText(alertMessages);
  const toasts = useToasts();
  const create = useChange("alerts.silence");
  const { alertname = "", ...others } = labels;
  const [name, setName] = useState(alertname);
  const [text, setText] = useState(formatLabels(others));
  const [minutes, setMinutes] = useState<(typeof lengths)[number]>("60");
  const [comment, setComment] = useState("");
  const names = [...new Set([...rules.map((rule) => rule.name), name])].filter((each) => each !== "");
  const parsed = parseLabels(text);
  const matchers = [...(name === "" ? [] : [{ name: "alertname", value: name }]), ...(parsed ?? [])];
  return (
    <Dialog title={say("new_silence")} onClose={onClose}>
      <form
        className={styles["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          if (parsed === undefined || matchers.length === 0) return;
          create.mutate(
            { matchers, minutes: Number(minutes), comment },
            {
              onSuccess() {
                toasts.done(say("silenced"));
                onClose();
              },
            },
          );
        }}
      >
        <SelectField
          label={say("alert")}
          value={name}
          options={["", ...names].map((value) => ({ value, label: value === "" ? say("any_alert") : value }))}
          onChange={setName}
        />
        <AreaField
          label={say("labels")}
          hint={say("labels_hint")}
          value={text}
          onChange={setText}
          rows={3}
          problem={
            parsed === undefined
              ? say("labels_problem")
              : matchers.length === 0
                ? say("labels_missing")
                : undefined
          }
        />
        <SelectField
          label={say("for_how_long")}
          value={minutes}
          options={lengths.map((value) => ({ value, label: say(`minutes_${value}`) }))}
          onChange={setMinutes}
        />
        <TextField label={say("comment")} value={comment} onChange={setComment} isRequired />
        <FormEnd error={create.error} action={say("silence")} isBusy={create.isPending} onCancel={onClose} />
      </form>
    </Dialog>
  );
}
