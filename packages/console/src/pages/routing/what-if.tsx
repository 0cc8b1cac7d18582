import { useId, useState } from "react";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { TextField } from "../../components/field.tsx";
import { ErrorState, Notice, Skeleton } from "../../components/notice.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useOperation } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import type { Place } from "./looks.ts";
import { routingMessages } from "./messages.ts";
import { PlaceList } from "./place-list.tsx";
import styles from "./routing.module.css";
import type { PlaceFigures } from "./use-figures.ts";

interface WhatIfProps {
  /** What is explained; empty for nothing yet. */
  readonly model: string;
  /** Names to choose from. */
  readonly names: readonly string[];
  readonly figures: ReadonlyMap<string, PlaceFigures> | undefined;
  onAsk(model: string): void;
}

/** What would happen to a call of a model, without making one. Given anew for another model. */
export function WhatIf({ model, names, figures, onAsk }: WhatIfProps) {
  const say = useText(routingMessages);
  const listId = useId();
  const [typed, setTyped] = useState(model);
  return (
    <Card title={say("what_if")} isLive={model !== ""}>
      <form
        className={styles["question"]}
        onSubmit={(event) => {
          event.preventDefault();
          onAsk(typed.trim());
        }}
      >
        <TextField
          label={say("model")}
          hint={say("model_hint")}
          type="search"
          list={listId}
          value={typed}
          isRequired
          onChange={setTyped}
        />
        <Button look="primary" isSubmit>
          {say("ask")}
        </Button>
        <datalist id={listId}>
          {names.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </form>
      {model === "" ? null : <Answer model={model} figures={figures} />}
    </Card>
  );
}

const refreshMs = 5_000;

function Answer({ model, figures }: Pick<WhatIfProps, "model" | "figures">) {
  const say = useText(routingMessages);
  const { data, error, refetch } = useOperation("routes.explain", { model }, { refreshMs });
  if (error !== null) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Skeleton />;
  return (
    <>
      <Verdict places={data.candidates} />
      <PlaceList label={say("places_of", { name: data.model })} places={data.candidates} figures={figures} />
    </>
  );
}

/** The answer in a sentence. */
function Verdict({ places }: { readonly places: readonly Place[] }) {
  const say = useText(routingMessages);
  const formats = useFormats();
  const likely = places
    .filter(({ chance }) => chance > 0)
    .toSorted((one, other) => other.chance - one.chance);
  const [first] = likely;
  if (first === undefined) return <Notice tone="bad">{say("refused")}</Notice>;
  if (likely.length > 1)
    return (
      <Notice>
        {say("spread", { target: first.target, chance: formats.ratio(first.chance), count: likely.length })}
      </Notice>
    );
  return (
    <Notice tone={first.verdict === "chosen" ? "good" : "warn"}>
      {say(first.verdict === "chosen" ? "goes_to" : "goes_to_least_bad", { target: first.target })}
    </Notice>
  );
}
