import type { OperationOutput } from "@llm-platform/client";

type Model = OperationOutput<"models.list">["models"][number];

/** The model that the platform brings with it. */
const demoName = "demo-chat";

/** Names of the models that can be talked to. */
export function namesOf(models: readonly Model[]): readonly string[] {
  return models
    .filter(({ operations }) => operations.includes("chat"))
    .map(({ integration, id }) => `${integration}/${id}`);
}

/** The one to begin with: the platform's own, as it needs no network and no money. */
export function chooseModel(models: readonly Model[]): string | undefined {
  const names = namesOf(models);
  return names.find((name) => name.endsWith(`/${demoName}`)) ?? names[0];
}
