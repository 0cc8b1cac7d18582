import { useFormats } from "../../components/use-formats.ts";
import { useText } from "../../text/use-text.ts";
import type { ListedRoute } from "./looks.ts";
import { routingMessages } from "./messages.ts";
import styles from "./routing.module.css";

/** The limits of models that hold for a name. */
export function LimitFacts({ limits }: Pick<ListedRoute, "limits">) {
  const say = useText(routingMessages);
  const formats = useFormats();
  return limits.map((limit) => {
    const parts = [
      [limit.requests_per_minute, "limit_requests"],
      [limit.tokens_per_minute, "limit_tokens"],
      [limit.max_concurrent, "limit_at_once"],
    ] as const;
    return (
      <p key={limit.model} className={styles["facts"]}>
        <span>
          {say("limits_of")} <code>{limit.model}</code>
        </span>
        {parts.map(([most, key]) =>
          most === null ? null : <span key={key}>{say(key, { most: formats.count(most) })}</span>,
        )}
      </p>
    );
  });
}
