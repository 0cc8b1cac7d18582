import { AreaField, TextField } from "../../components/field.tsx";
import { Grid } from "../../components/page.tsx";
import { useText } from "../../text/use-text.ts";
import { findProblems, type Settings } from "./chat-request.ts";
import { playgroundMessages } from "./messages.ts";
import styles from "./playground.module.css";

const numbers = [
  { field: "temperature", hint: "hint_temperature" },
  { field: "topP", hint: "hint_top_p" },
  { field: "maxTokens", hint: "hint_max_tokens" },
  { field: "seed", hint: "hint_seed" },
] as const;

interface SettingsFieldsProps {
  readonly settings: Settings;
  onChange(settings: Settings): void;
}

/** What goes with every question: the system prompt, and behind folds parameters, tools and the answer's form. */
export function SettingsFields({ settings, onChange }: SettingsFieldsProps) {
  const say = useText(playgroundMessages);
  const problems = findProblems(settings);
  const set = (field: keyof Settings) => (text: string) => onChange({ ...settings, [field]: text });
  return (
    <>
      <AreaField label={say("system")} rows={2} value={settings.system} onChange={set("system")} />
      <details className={styles["fold"]}>
        <summary>{say("parameters")}</summary>
        <Grid look="narrow">
          {numbers.map(({ field, hint }) => (
            <TextField
              key={field}
              type="number"
              label={say(field)}
              hint={say(hint)}
              placeholder={say("left_to_model")}
              value={settings[field]}
              onChange={set(field)}
            />
          ))}
          <AreaField
            label={say("stop")}
            hint={say("hint_stop")}
            rows={2}
            value={settings.stop}
            onChange={set("stop")}
          />
        </Grid>
      </details>
      <details className={styles["fold"]}>
        <summary>{say("tools_and_form")}</summary>
        <Grid look="wide">
          <AreaField
            label={say("tools")}
            hint={say("hint_tools")}
            problem={problems.has("tools") ? say("bad_tools") : undefined}
            rows={8}
            value={settings.tools}
            onChange={set("tools")}
          />
          <AreaField
            label={say("schema")}
            hint={say("hint_schema")}
            problem={problems.has("schema") ? say("bad_schema") : undefined}
            rows={8}
            value={settings.schema}
            onChange={set("schema")}
          />
        </Grid>
      </details>
    </>
  );
}
