import * as z from "zod";
import { benchKey } from "./contestants/contestant.ts";

/** Where a model is asked. */
interface Place {
  readonly url: string;
  readonly model: string;
}

const completionEnd = z.object({ usage: z.object({ completion_tokens: z.number() }) });
const chatChunk = z.object({
  choices: z.array(z.object({ delta: z.object({ content: z.string().nullish() }) })),
});

/** Streams a completion of each prompt at once. Resolves with all their tokens, and the seconds until the last. */
export async function askAll(
  place: Place,
  prompts: readonly string[],
  tokens: number,
): Promise<{ readonly tokens: number; readonly seconds: number }> {
  const startedAtMs = performance.now();
  const counts = await Promise.all(prompts.map(async (prompt) => await countTokens(place, prompt, tokens)));
  return {
    tokens: counts.reduce((sum, count) => sum + count, 0),
    seconds: (performance.now() - startedAtMs) / 1_000,
  };
}

async function countTokens({ url, model }: Place, prompt: string, tokens: number): Promise<number> {
  const body = {
    model,
    prompt,
    max_tokens: tokens,
    temperature: 0,
    stream: true,
    stream_options: { include_usage: true },
  };
  const response = await post(`${url}/v1/completions`, body);
  const events = (await response.text()).trim().split("\n\n");
  return completionEnd.parse(JSON.parse((events.at(-2) ?? "").replace(/^data: /, ""))).usage
    .completion_tokens;
}

/** Streams a chat. Resolves with the reply, and the milliseconds until its first words. */
export async function askFirst(
  { url, model }: Place,
  messages: readonly { readonly role: string; readonly content: string }[],
): Promise<{ readonly text: string; readonly firstMs: number }> {
  const startedAtMs = performance.now();
  const response = await post(`${url}/v1/chat/completions`, {
    model,
    messages,
    max_tokens: 16,
    temperature: 0,
    stream: true,
  });
  let firstMs: number | undefined;
  let received = "";
  for await (const part of response.body ?? []) {
    firstMs ??= performance.now() - startedAtMs;
    received += new TextDecoder().decode(part);
  }
  const text = received
    .trim()
    .split("\n\n")
    .map((event) => event.replace(/^data: /, ""))
    .filter((event) => event !== "[DONE]")
    .map((event) => chatChunk.parse(JSON.parse(event)).choices[0]?.delta.content ?? "")
    .join("");
  return { text, firstMs: firstMs ?? Number.NaN };
}

async function post(url: string, body: object): Promise<Response> {
  const response = await fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${benchKey}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await response.text());
  return response;
}
