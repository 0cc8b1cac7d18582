import { useState } from "react";
import { Button, IconButton } from "../../components/button.tsx";
import { TextField } from "../../components/field.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useText } from "../../text/use-text.ts";
import { routingMessages } from "./messages.ts";
import { addPlace, changePlace, type PlaceDraft, sharesOf, toWeight } from "./route-draft.ts";
import styles from "./routing.module.css";

export interface PlacesProps {
  readonly places: readonly PlaceDraft[];
  /** Id of the list of names to choose from. */
  readonly names: string;
  onChange(places: readonly PlaceDraft[]): void;
  problemOf(field: string): string | undefined;
}

/** Where calls of a route go, with a share for each that follows the weights as they are typed. */
export function TargetFields({ places, names, onChange, problemOf }: PlacesProps) {
  const say = useText(routingMessages);
  const shares = sharesOf(places);
  const largest = Math.max(10, ...places.map(({ weight }) => toWeight(weight)));
  // It only grows: an end that followed its own slider down would be wherever the slider is.
  const [most, setMost] = useState(largest);
  if (largest > most) setMost(largest);
  const problem = problemOf("targets");
  return (
    <fieldset className={styles["placeFields"]}>
      <legend>{say("targets")}</legend>
      <p className={styles["facts"]}>{say("targets_text")}</p>
      {places.map((place, index) => (
        <div key={place.key} className={styles["placeField"]}>
          <TextField
            label={say("target_number", { number: index + 1 })}
            value={place.model}
            list={names}
            problem={problemOf(`targets.${index}.model`)}
            isRequired
            onChange={(model) => onChange(changePlace(places, { ...place, model }))}
          />
          <WeightFields
            place={place}
            number={index + 1}
            most={most}
            share={shares[index] ?? 0}
            problem={problemOf(`targets.${index}.weight`)}
            onChange={(weight) => onChange(changePlace(places, { ...place, weight }))}
          />
          <IconButton
            icon="cross"
            label={say("take_away", { name: place.model || say("target_number", { number: index + 1 }) })}
            disabled={places.length === 1}
            onClick={() => onChange(places.filter(({ key }) => key !== place.key))}
          />
        </div>
      ))}
      {problem === undefined ? null : (
        <p className={styles["problem"]} role="alert">
          {problem}
        </p>
      )}
      <div>
        <Button icon="plus" onClick={() => onChange(addPlace(places))}>
          {say("add_target")}
        </Button>
      </div>
    </fieldset>
  );
}

function WeightFields({
  place,
  number,
  most,
  share,
  problem,
  onChange,
}: {
  readonly place: PlaceDraft;
  readonly number: number;
  readonly most: number;
  readonly share: number;
  readonly problem: string | undefined;
  onChange(weight: string): void;
}) {
  const say = useText(routingMessages);
  const formats = useFormats();
  return (
    <div className={styles["weightField"]}>
      <TextField
        label={say("weight_number", { number })}
        type="number"
        value={place.weight}
        problem={problem}
        onChange={onChange}
      />
      <input
        type="range"
        aria-label={say("weight_slider", { number })}
        aria-valuetext={say("share", { share: formats.ratio(share) })}
        min={0}
        max={most}
        step={most > 10 ? most / 100 : 0.1}
        value={toWeight(place.weight)}
        onChange={(event) => onChange(event.target.value)}
      />
      <output>{say("share", { share: formats.ratio(share) })}</output>
    </div>
  );
}
