import { useSyncExternalStore } from "react";

/** As the styles have it. */
const narrow = "(max-width: 640px)";

/** Whether the window has no room for columns beside each other, such as a phone's. */
export function useIsNarrow(): boolean {
  return useSyncExternalStore(follow, () => matchMedia(narrow).matches);
}

function follow(onChange: () => void): () => void {
  const query = matchMedia(narrow);
  query.addEventListener("change", onChange);
  return () => query.removeEventListener("change", onChange);
}
