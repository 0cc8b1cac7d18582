import { z } from "zod";
import { defineOperation, type Operation } from "./operation.ts";

export interface DiscoveryParts {
  /** Text of what answers at an address of this machine; undefined when nothing does, or no text. Ends soon. */
  fetchText(url: string, signal: AbortSignal): Promise<string | undefined>;
  /** The port of this server, which is not found. */
  ownPort(): number;
  /** Addresses that integrations speak to already, by the names of those. */
  configured(): ReadonlyMap<string, string>;
}

interface Candidate {
  readonly label: string;
  readonly use: string;
  readonly port: number;
  /** Asked first: only that kind of server answers it. */
  readonly path: string;
  readonly isThat: (text: string) => boolean;
  readonly settings: (origin: string) => Readonly<Record<string, string>>;
}

const openAiSettings = (origin: string) => ({ base_url: `${origin}/v1` });
const listsModels = (text: string) => /"object"\s*:\s*"list"/.test(text);

/** Where such servers listen when nobody told them otherwise. */
const candidates: readonly Candidate[] = [
  {
    label: "Ollama",
    use: "ollama",
    port: 11_434,
    path: "/api/tags",
    isThat: (text) => text.includes('"models"'),
    settings: (origin) => ({ base_url: origin }),
  },
  {
    label: "vLLM",
    use: "openai-compatible",
    port: 8_000,
    path: "/v1/models",
    isThat: listsModels,
    settings: openAiSettings,
  },
  {
    label: "llama.cpp or LocalAI",
    use: "openai-compatible",
    port: 8_080,
    path: "/v1/models",
    isThat: listsModels,
    settings: openAiSettings,
  },
  {
    label: "LM Studio",
    use: "openai-compatible",
    port: 1_234,
    path: "/v1/models",
    isThat: listsModels,
    settings: openAiSettings,
  },
  {
    label: "text-generation-webui",
    use: "openai-compatible",
    port: 5_000,
    path: "/v1/models",
    isThat: listsModels,
    settings: openAiSettings,
  },
  {
    label: "SGLang",
    use: "openai-compatible",
    port: 30_000,
    path: "/v1/models",
    isThat: listsModels,
    settings: openAiSettings,
  },
  {
    label: "Grafana",
    use: "grafana",
    port: 3_000,
    path: "/api/health",
    isThat: (text) => text.includes('"database"'),
    settings: (origin) => ({ url: origin }),
  },
  {
    label: "Alertmanager",
    use: "alertmanager",
    port: 9_093,
    path: "/api/v2/status",
    isThat: (text) => text.includes('"cluster"'),
    settings: (origin) => ({ url: origin }),
  },
];

const mostModels = 100;

/** Finds servers that run on the server's machine. Only when somebody asks: nothing is scanned by itself. */
export function discoveryOperations({
  fetchText,
  ownPort,
  configured,
}: DiscoveryParts): readonly Operation[] {
  return [
    defineOperation({
      name: "integrations.discover",
      summary:
        "Looks on this machine, at the ports where they listen by default, for servers that an integration could speak to.",
      permission: "integrations.write",
      rest: { method: "POST", path: "/integrations/discover" },
      audit: "reads",
      input: z.strictObject({}),
      output: z.object({
        found: z
          .array(
            z.object({
              label: z.string().describe("What it seems to be."),
              use: z.string().describe("The definition that speaks to it."),
              address: z.string(),
              models: z.number().nullable().describe("How many it lists; null where it lists none."),
              settings: z.record(z.string(), z.string()).describe("For an integration of it."),
              integration: z.string().nullable().describe("The one that speaks to it already."),
            }),
          )
          .readonly(),
      }),
      run: async (_input, { signal }) => {
        const known = configured();
        const found = await Promise.all(
          candidates.map(async ({ label, use, port, path, isThat, settings }) => {
            const address = `http://127.0.0.1:${port}`;
            const text = await fetchText(address + path, signal);
            if (port === ownPort() || text === undefined || !isThat(text)) return [];
            const integration = known.get(address) ?? known.get(`http://localhost:${port}`) ?? null;
            return [
              { label, use, address, models: countModels(text), settings: settings(address), integration },
            ];
          }),
        );
        return { found: found.flat() };
      },
    }),
  ];
}

const listing = z.union([
  z.object({ models: z.array(z.unknown()) }).transform(({ models }) => models.length),
  z.object({ data: z.array(z.unknown()) }).transform(({ data }) => data.length),
]);

function countModels(text: string): number | null {
  try {
    const count = listing.safeParse(JSON.parse(text)).data;
    return count === undefined ? null : Math.min(count, mostModels);
  } catch {
    // It is no JSON: then it lists nothing.
    return null;
  }
}
