import { useEffect, useRef, useState } from "react";
import { Button, IconButton } from "../../components/button.tsx";
import { TextField } from "../../components/field.tsx";
import { useText } from "../../text/use-text.ts";
import { routingMessages } from "./messages.ts";
import { addPlace, changePlace, movePlace, type PlaceDraft } from "./route-draft.ts";
import styles from "./routing.module.css";
import type { PlacesProps } from "./target-fields.tsx";

interface Moved {
  readonly key: number;
  readonly by: -1 | 1;
}

/** Fallbacks in the order in which they are tried, which buttons change. */
export function FallbackFields({ places, names, onChange, problemOf }: PlacesProps) {
  const say = useText(routingMessages);
  const [moved, setMoved] = useState<Moved>();
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    // A button that has moved with its line has lost the keys; at an end the other one gets them.
    if (moved === undefined) return;
    const line = list.current?.querySelector(`[data-key="${moved.key}"]`);
    const own = line?.querySelector<HTMLButtonElement>(`[data-by="${moved.by}"]:not(:disabled)`);
    (own ?? line?.querySelector<HTMLButtonElement>(`[data-by="${-moved.by}"]`))?.focus();
  }, [moved]);
  const move = (key: number, by: -1 | 1) => {
    onChange(movePlace(places, key, by));
    setMoved({ key, by });
  };
  return (
    <fieldset className={styles["placeFields"]}>
      <legend>{say("fallbacks")}</legend>
      <p className={styles["facts"]}>{say("fallbacks_text")}</p>
      <ol ref={list} className={styles["fallbackList"]}>
        {places.map((place, index) => (
          <li key={place.key} data-key={place.key} className={styles["placeField"]}>
            <TextField
              label={say("fallback_number", { number: index + 1 })}
              value={place.model}
              list={names}
              problem={problemOf(`fallbacks.${index}`)}
              isRequired
              onChange={(model) => onChange(changePlace(places, { ...place, model }))}
            />
            <FallbackButtons
              place={place}
              index={index}
              count={places.length}
              onMove={(by) => move(place.key, by)}
              onRemove={() => onChange(places.filter(({ key }) => key !== place.key))}
            />
          </li>
        ))}
      </ol>
      <div>
        <Button icon="plus" onClick={() => onChange(addPlace(places))}>
          {say("add_fallback")}
        </Button>
      </div>
    </fieldset>
  );
}

function FallbackButtons({
  place,
  index,
  count,
  onMove,
  onRemove,
}: {
  readonly place: PlaceDraft;
  readonly index: number;
  readonly count: number;
  onMove(by: -1 | 1): void;
  onRemove(): void;
}) {
  const say = useText(routingMessages);
  const name = place.model || say("fallback_number", { number: index + 1 });
  return (
    <div className={styles["placeButtons"]}>
      <IconButton
        icon="up"
        label={say("move_up", { name })}
        data-by={-1}
        disabled={index === 0}
        onClick={() => onMove(-1)}
      />
      <IconButton
        icon="down"
        label={say("move_down", { name })}
        data-by={1}
        disabled={index === count - 1}
        onClick={() => onMove(1)}
      />
      <IconButton icon="cross" label={say("take_away", { name })} onClick={onRemove} />
    </div>
  );
}
