import type { OperationOutput } from "@llm-platform/client";
import { Link } from "wouter";
import { Icon } from "../../components/icon.tsx";
import type { Tone } from "../../components/state-mark.tsx";
import { useText } from "../../text/use-text.ts";
import styles from "./home.module.css";
import { homeMessages } from "./messages.ts";
import type { Edge } from "./topology-lines.tsx";

type ListedRoute = OperationOutput<"routes.list">["routes"][number];
type Place = ListedRoute["candidates"][number];

/** So many names have room beside the integrations. */
const mostNames = 5;

const stateLooks = {
  ready: { tone: "good", icon: "check" },
  degraded: { tone: "warn", icon: "warning" },
  down: { tone: "bad", icon: "cross" },
} as const;

/** The names that the configuration makes, the troubled first. */
export function chooseNames(routes: readonly ListedRoute[]): readonly ListedRoute[] {
  const rank = { down: 0, degraded: 1, ready: 2 } as const;
  return routes
    .filter(({ setting }) => setting !== null)
    .toSorted((one, other) => rank[one.state] - rank[other.state])
    .slice(0, mostNames);
}

/** From each name to the integrations that it leads to. @param platforms names of integrations */
export function edgesOf(names: readonly ListedRoute[], platforms: readonly string[]): readonly Edge[] {
  return names.flatMap(({ candidates }, from) =>
    platforms.flatMap((platform, to) => {
      const tones = candidates
        .filter(({ target }) => target.startsWith(`${platform}/`))
        .map((place) => toneOf(place));
      const tone = tones.includes("bad") ? "bad" : tones.includes("good") ? "good" : tones[0];
      return tone === undefined ? [] : [{ from, to, tone }];
    }),
  );
}

function toneOf({ verdict, chance }: Place): Tone {
  if (verdict === "open_breaker" || verdict === "not_running") return "bad";
  if (verdict === "least_bad") return "warn";
  return chance > 0 ? "good" : "none";
}

export function NameNode({ route: { model, state } }: { readonly route: ListedRoute }) {
  const say = useText(homeMessages);
  const { tone, icon } = stateLooks[state];
  return (
    <Link
      className={styles["node"]}
      data-tone={tone}
      href={`/routing?model=${encodeURIComponent(model)}`}
      aria-label={`${model}: ${say(`name_${state}`)}`}
      title={say(`name_${state}`)}
    >
      <span>{model}</span>
      <Icon name={icon} size={16} />
    </Link>
  );
}
