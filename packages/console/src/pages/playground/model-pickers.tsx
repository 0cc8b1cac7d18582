import type { OperationOutput } from "@llm-platform/client";
import { SelectField } from "../../components/field.tsx";
import { Grid } from "../../components/page.tsx";
import { useText } from "../../text/use-text.ts";
import { playgroundMessages } from "./messages.ts";

export type ChatModel = OperationOutput<"models.list">["models"][number];

const places = [0, 1, 2, 3] as const;

/** As a call names it. */
export function nameOf({ integration, id }: ChatModel): string {
  return `${integration}/${id}`;
}

/** Up to four models to ask; @param chosen by place, empty where there is none */
export function ModelPickers({
  models,
  chosen,
  onChange,
}: {
  readonly models: readonly ChatModel[];
  readonly chosen: readonly string[];
  onChange(chosen: readonly string[]): void;
}) {
  const say = useText(playgroundMessages);
  const options = models.map(nameOf).map((name) => ({ value: name, label: name }));
  return (
    <Grid look="narrow">
      {places.map((place) => (
        <SelectField
          key={place}
          label={say("model", { place: place + 1 })}
          value={chosen[place] ?? ""}
          options={[{ value: "", label: say("no_model") }, ...options]}
          onChange={(model) => onChange(places.map((at) => (at === place ? model : (chosen[at] ?? ""))))}
        />
      ))}
    </Grid>
  );
}
