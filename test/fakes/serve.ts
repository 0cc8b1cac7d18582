import { parseArgs } from "node:util";
import { createFakeUpstream, type FakeUpstreamOptions } from "./fake-upstream.ts";
import type { Fault } from "./fault.ts";
import { parseJson } from "./json-read.ts";
import { type ProfileName, profileNames } from "./profiles.ts";

const usage = `Usage: node test/fakes/serve.ts [options]
  --dialect openai|ollama|anthropic
                                default openai
  --profile NAME                ${profileNames.join(", ")}; default openai
  --port N                      default a free one
  --models a,b                  names of the models
  --api-key KEY                 refuse requests without it
  --chunks N                    tokens of every answer, in place of the echo
  --token-delay-ms N            pause between tokens
  --first-token-delay-ms N      pause before the first token
  --always JSON                 a fault for every POST, e.g. '{"kind":"status","status":503}'
`;

/** Requests kept in memory; few, because load tests send millions. */
const keptRequests = 16;

function isProfileName(name: string): name is ProfileName {
  return profileNames.some((known) => known === name);
}

function readFault(text: string): Fault {
  const parsed = parseJson(text);
  if (parsed === undefined) throw new Error(`--always is no JSON: ${text}`);
  // The shape is trusted: this is a tool for developers.
  return parsed.value as Fault;
}

function numberFrom(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function isDialect(text: string): text is FakeUpstreamOptions["dialect"] {
  return text === "openai" || text === "ollama" || text === "anthropic";
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      dialect: { type: "string", default: "openai" },
      profile: { type: "string", default: "openai" },
      port: { type: "string", default: "0" },
      models: { type: "string" },
      "api-key": { type: "string" },
      chunks: { type: "string" },
      "token-delay-ms": { type: "string" },
      "first-token-delay-ms": { type: "string" },
      always: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const { dialect, profile } = values;
  if (values.help || !isDialect(dialect) || !isProfileName(profile)) {
    process.stderr.write(usage);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const chunks = numberFrom(values.chunks);
  const upstream = await createFakeUpstream({
    dialect,
    profile,
    port: Number(values.port),
    keepRequests: keptRequests,
    tokenDelayMs: numberFrom(values["token-delay-ms"]) ?? 0,
    firstTokenDelayMs: numberFrom(values["first-token-delay-ms"]) ?? 0,
    ...(chunks === undefined ? {} : { chunks }),
    ...(values.models === undefined ? {} : { models: values.models.split(",") }),
    ...(values["api-key"] === undefined ? {} : { apiKey: values["api-key"] }),
  });
  if (values.always !== undefined) upstream.always(readFault(values.always));
  process.stdout.write(`${upstream.origin}\n`);
  const stop = (): void => void upstream.stop();
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}

await main();
