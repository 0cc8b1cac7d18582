import { arrayAt, isJsonObject, type JsonObject } from "@llm-platform/kit";
import type { ControlAnswer, ControlClient } from "../control-client.ts";
import { type ProfileName, profileNames, profiles } from "./profiles.ts";

interface DetectionInput {
  readonly client: ControlClient;
  /** Path above `/v1`. */
  readonly rootPrefix: string;
  /** The answer to the question for the list of models. */
  readonly listAnswer: ControlAnswer;
  readonly signal: AbortSignal;
}

/**
 * Finds out which server it is, without spending tokens: by the list of models that is there already,
 * then by one question per kind of server. A server that nothing is known of counts as `openai`.
 */
export async function detectProfile({
  client,
  rootPrefix,
  listAnswer,
  signal,
}: DetectionInput): Promise<ProfileName> {
  const byList = detectByList(listAnswer);
  if (byList !== undefined) return byList;
  const answers = new Map<string, JsonObject | undefined>();
  for (const name of searchOrder()) {
    const mark = profiles[name].marks.answer;
    if (mark === undefined) continue;
    if (!answers.has(mark.path))
      answers.set(mark.path, await askQuietly(client, `${rootPrefix}${mark.path}`, signal));
    const value = answers.get(mark.path)?.[mark.key];
    const isMarked =
      mark.value === undefined ? value !== undefined : typeof value === "string" && mark.value.test(value);
    if (isMarked) return name;
  }
  return "openai";
}

function detectByList(answer: ControlAnswer): ProfileName | undefined {
  const [first] = isJsonObject(answer.json) ? arrayAt(answer.json, "data") : [];
  const ownedBy = isJsonObject(first) ? first.owned_by : undefined;
  const server = answer.headers.get("server") ?? "";
  return searchOrder().find((name) => {
    const { marks } = profiles[name];
    return (
      (marks.ownedBy !== undefined && marks.ownedBy === ownedBy) || marks.serverHeader?.test(server) === true
    );
  });
}

function searchOrder(): readonly ProfileName[] {
  return profileNames.filter((name) => name !== "openai");
}

/** A question that most servers do not know; whatever goes wrong means that it is not the one. */
async function askQuietly(
  client: ControlClient,
  path: string,
  signal: AbortSignal,
): Promise<JsonObject | undefined> {
  try {
    const { status, json } = await client.ask({ path, signal });
    return status === 200 && isJsonObject(json) ? json : undefined;
  } catch (error) {
    if (signal.aborted) throw error;
    return undefined;
  }
}
