import type { ClientError } from "@llm-platform/client";
import { useQueryClient } from "@tanstack/react-query";
import { useChange } from "../../query/use-operation.ts";
import { type RouteDraft, toFields } from "./route-draft.ts";

interface Save {
  save(draft: RouteDraft, onSaved: () => void): void;
  /** Why the last try was refused. */
  readonly error: ClientError | null;
  readonly isPending: boolean;
}

/**
 * Makes a name, or changes what `model` is. Nothing is written over that somebody else has changed meanwhile.
 * @param model undefined for a new name
 */
export function useSave(model: string | undefined): Save {
  const queries = useQueryClient();
  const create = useChange("routes.create");
  const update = useChange("routes.update");
  const { error, isPending } = model === undefined ? create : update;
  return {
    save(draft, onSaved) {
      // After a refusal the page shows what there is now.
      const told = { onSuccess: onSaved, onError: () => void queries.invalidateQueries() };
      const name = draft.name.trim();
      const fields = toFields(draft);
      if (model === undefined) return create.mutate({ model: name, ...fields }, told);
      const renamed = name === model ? {} : { new_model: name };
      const seen = draft.version === undefined ? {} : { if_version: draft.version };
      update.mutate({ model, ...renamed, ...fields, ...seen }, told);
    },
    error,
    isPending,
  };
}
