import { type IntegrationDefinition, PlatformError, type RunningIntegration } from "@llm-platform/kit";
import { definitionProblems, isDefinition } from "../catalogue.ts";
import { createGuestContext, toPlain } from "./guest-context.ts";
import { createPeer } from "./peer.ts";

/** The process of one integration. Its first argument is the address of the module that holds the definition. */
const entry = process.argv[2] ?? "";
const life = new AbortController();
const state: { running?: RunningIntegration } = {};

const peer = createPeer({
  send: (message) => void process.send?.(message),
  handlers: {
    async describe() {
      const { contract, id, type, summary, settings, metrics, dependencies } = await load();
      const { jsonSchema } = settings;
      return toPlain({ contract, id, type, summary, jsonSchema, metrics, dependencies });
    },
    async validate([written]) {
      const { settings } = await load();
      const result = await settings.schema["~standard"].validate(written);
      if (result.issues === undefined) return { value: toPlain(result.value) };
      const toKey = (part: PropertyKey | { readonly key: PropertyKey }): string =>
        String(typeof part === "object" ? part.key : part);
      return { issues: result.issues.map(({ message, path = [] }) => ({ message, path: path.map(toKey) })) };
    },
    async start([name, dataDirectory, written]) {
      const definition = await load();
      const result = await definition.settings.schema["~standard"].validate(written);
      if (result.issues !== undefined)
        throw new PlatformError("config_invalid", "The settings are not valid.");
      const { metrics = [] } = definition;
      const place = { name: String(name), dataDirectory: String(dataDirectory) };
      const context = createGuestContext({
        ...place,
        settings: result.value,
        metrics,
        signal: life.signal,
        peer,
      });
      const running = await definition.start(context);
      state.running = running;
      if (running.models !== undefined) {
        throw new PlatformError(
          "config_invalid",
          `${place.name}: serves models, which a process of its own cannot.`,
        );
      }
    },
    health: async (_args, signal) => toPlain(await state.running?.health(signal)),
    async stop(_args, signal) {
      life.abort(new PlatformError("shutting_down", "The integration is stopped."));
      await state.running?.stop(signal);
    },
  },
});

process.on("message", (message) => peer.receive(message));
process.on("disconnect", () => process.exit());

async function load(): Promise<IntegrationDefinition> {
  const exported: unknown = await import(entry);
  const definition: unknown =
    typeof exported === "object" && exported !== null && "integration" in exported
      ? exported.integration
      : undefined;
  if (isDefinition(definition)) return definition;
  const problems =
    definition === undefined ? ["it exports nothing called integration"] : definitionProblems(definition);
  throw new PlatformError("config_invalid", problems.join("; "));
}
