import { useState } from "react";
import { useFeed } from "../../live/use-live.ts";
import type { Pull } from "./model-facts.ts";

/** Every pull as it is now, newest first; undefined until the server has told of them. */
export function usePulls(): readonly Pull[] | undefined {
  const [pulls, setPulls] = useState<readonly Pull[]>();
  useFeed("pulls", {}, ({ data }) => {
    setPulls((before) => ("pulls" in data ? data.pulls : withPull(before ?? [], data)));
  });
  return pulls;
}

function withPull(pulls: readonly Pull[], changed: Pull): readonly Pull[] {
  const isKnown = pulls.some(({ id }) => id === changed.id);
  return isKnown ? pulls.map((pull) => (pull.id === changed.id ? changed : pull)) : [changed, ...pulls];
}
