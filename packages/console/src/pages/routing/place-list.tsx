import { breakerTones } from "../../components/breaker-tones.ts";
import { candidateTones } from "../../components/candidate-tones.ts";
import { StateMark } from "../../components/state-mark.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useText } from "../../text/use-text.ts";
import type { Place } from "./looks.ts";
import { routingMessages } from "./messages.ts";
import styles from "./routing.module.css";
import type { PlaceFigures } from "./use-figures.ts";

interface PlaceListProps {
  /** Names the list. */
  readonly label: string;
  readonly places: readonly (Place & { readonly weight?: number | null })[];
  readonly figures: ReadonlyMap<string, PlaceFigures> | undefined;
}

/** Where calls go, in the order in which they stand: how likely it is, how it is there, and why not. */
export function PlaceList({ label, places, figures }: PlaceListProps) {
  return (
    <ol className={styles["places"]} aria-label={label}>
      {places.map((place) => (
        <PlaceLine key={place.target} place={place} figures={figures} />
      ))}
    </ol>
  );
}

function PlaceLine({
  place,
  figures,
}: {
  readonly place: PlaceListProps["places"][number];
  readonly figures: PlaceListProps["figures"];
}) {
  const say = useText(routingMessages);
  const formats = useFormats();
  const { target, verdict, breaker, chance } = place;
  return (
    <li className={styles["place"]} data-tone={candidateTones[verdict]}>
      <div className={styles["placeHead"]}>
        <code>{target}</code>
        <StateMark tone={candidateTones[verdict]}>{say(`verdict_${verdict}`)}</StateMark>
        {verdict === "not_offered" ? null : (
          <StateMark tone={breakerTones[breaker]} icon="power">
            {say(`breaker_${breaker}`)}
          </StateMark>
        )}
      </div>
      <div className={styles["chance"]}>
        <div className={styles["bar"]} aria-hidden="true">
          <span style={{ width: `${Math.round(chance * 100)}%` }} />
        </div>
        <span>{say("chance_now", { chance: formats.ratio(chance) })}</span>
      </div>
      <p className={styles["facts"]}>
        <PlaceFacts place={place} figures={figures} />
      </p>
      {place.reason === null ? null : <p className={styles["reason"]}>{place.reason}</p>}
    </li>
  );
}

function PlaceFacts({
  place: { target, role, share, weight, wait_ms: waitMs },
  figures,
}: {
  readonly place: PlaceListProps["places"][number];
  readonly figures: PlaceListProps["figures"];
}) {
  const say = useText(routingMessages);
  const formats = useFormats();
  const known = figures?.get(target);
  return (
    <>
      <span>{role === "fallback" ? say("fallback") : say("share", { share: formats.ratio(share) })}</span>
      {weight === undefined || weight === null ? null : (
        <span>{say("weight", { weight: formats.count(weight) })}</span>
      )}
      {waitMs === null || waitMs === 0 ? null : (
        <span>{say("again_in", { time: formats.duration(Math.ceil(waitMs / 1_000) * 1_000) })}</span>
      )}
      {figures === undefined ? null : (
        <>
          <span>{say("attempts", { count: known?.attempts ?? 0 })}</span>
          {known === undefined ? null : (
            <>
              <span>{say("failed", { ratio: formats.ratio(known.failed / known.attempts) })}</span>
              <span>{say("p95", { time: formats.duration(known.p95Ms) })}</span>
            </>
          )}
        </>
      )}
    </>
  );
}
