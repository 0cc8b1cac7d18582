import { joinNames } from "../../components/join-names.ts";
import { useFormats } from "../../components/use-formats.ts";
import { useText } from "../../text/use-text.ts";
import { requestMessages } from "./messages.ts";
import type { Explanation } from "./explanation.ts";
import styles from "./requests.module.css";

type Phase = Explanation["times"]["phases"][number];

const waits: readonly Phase["phase"][] = ["queue", "back_off"];
const upstream: readonly Phase["phase"][] = ["connect", "first_byte", "first_content", "stream"];

/** Where the time of a call went, phase after phase. It is a table, with a bar in each row. */
export function Waterfall({ times }: { readonly times: Explanation["times"] }) {
  const say = useText(requestMessages);
  const formats = useFormats();
  const showUs = (us: number) => (us < 1_000 ? `${formats.count(us)} µs` : formats.duration(us / 1_000));
  const part = (us: number) => (times.total_us === 0 ? 0 : (us / times.total_us) * 100);
  return (
    <table className={styles["waterfall"]} aria-label={say("waterfall")}>
      <thead>
        <tr>
          <th scope="col">{say("phase")}</th>
          <th scope="col">{say("course")}</th>
          <th scope="col">{say("duration")}</th>
        </tr>
      </thead>
      <tbody>
        {times.phases.map(({ phase, attempt, start_us, duration_us }) => (
          <tr key={`${phase}${attempt ?? ""}`}>
            <th scope="row" title={say(`phase_${phase}`)}>
              <span>{say(`phase_${phase}`)}</span>
              {attempt === null ? null : <small>{say("attempt_short", { attempt })}</small>}
            </th>
            <td aria-hidden="true">
              <div className={styles["track"]}>
                <div
                  className={joinNames(styles["bar"], lookOf(phase))}
                  style={{ insetInlineStart: `${part(start_us)}%`, width: `${part(duration_us)}%` }}
                />
              </div>
            </td>
            <td>{showUs(duration_us)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function lookOf(phase: Phase["phase"]): string | undefined {
  if (waits.includes(phase)) return styles["waiting"];
  return upstream.includes(phase) ? styles["upstream"] : undefined;
}
