import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import * as z from "zod";
import { benchKey } from "./contestants/contestant.ts";

/** Where a model is asked. */
interface Place {
  readonly url: string;
  readonly model: string;
}

const callHeaders = { authorization: `Bearer ${benchKey}`, "content-type": "application/json" };
const completionEnd = z.object({ usage: z.object({ completion_tokens: z.number() }) });
const chatChunk = z.object({
  choices: z.array(z.object({ delta: z.object({ content: z.string().nullish() }) })),
});

/**
 * Streams a completion of each prompt at once. Resolves with all their tokens, and the seconds until the last. Curl reads
 * them, into files: the model's threads have every core, so what a client does with an event is taken from the model, and
 * Node's fetch takes as much as the server.
 */
export async function askAll(
  place: Place,
  prompts: readonly string[],
  tokens: number,
): Promise<{ readonly tokens: number; readonly seconds: number }> {
  const folder = await mkdtemp(join(tmpdir(), "bench-replies-"));
  try {
    const files = prompts.map((_, index) => join(folder, String(index)));
    const startedAtMs = performance.now();
    await Promise.all(
      prompts.map(async (prompt, index) => {
        await complete(place, { prompt, tokens, file: files[index] ?? "" });
      }),
    );
    const seconds = (performance.now() - startedAtMs) / 1_000;
    const counts = await Promise.all(files.map(countTokens));
    return { tokens: counts.reduce((sum, count) => sum + count, 0), seconds };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function complete(
  { url, model }: Place,
  { prompt, tokens, file }: { readonly prompt: string; readonly tokens: number; readonly file: string },
): Promise<void> {
  const body = {
    model,
    prompt,
    max_tokens: tokens,
    temperature: 0,
    stream: true,
    stream_options: { include_usage: true },
  };
  const headers = Object.entries(callHeaders).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  const child = spawn(
    "curl",
    ["-sSN", "--fail-with-body", "-o", file, ...headers, "-d", JSON.stringify(body), `${url}/v1/completions`],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const [complaint, [code]] = await Promise.all([text(child.stderr), once(child, "close")]);
  if (code !== 0) throw new Error(`curl: ${complaint} ${await readFile(file, "utf8").catch(() => "")}`);
}

async function countTokens(file: string): Promise<number> {
  const last = toEvents(await readFile(file, "utf8")).at(-1) ?? "";
  return completionEnd.parse(JSON.parse(last)).usage.completion_tokens;
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
  const decoder = new TextDecoder();
  let firstMs: number | undefined;
  let received = "";
  for await (const part of response.body ?? []) {
    received += decoder.decode(part, { stream: true });
    // What comes before is a sign of life.
    if (received.includes("data: ")) firstMs ??= performance.now() - startedAtMs;
  }
  const text = toEvents(received)
    .map((event) => chatChunk.parse(JSON.parse(event)).choices[0]?.delta.content ?? "")
    .join("");
  return { text, firstMs: firstMs ?? Number.NaN };
}

/** The data of all events but the last, which says that they have ended. */
function toEvents(stream: string): readonly string[] {
  const events = stream
    .split("\n\n")
    .filter((event) => event.startsWith("data: "))
    .map((event) => event.slice("data: ".length));
  const end = events.pop();
  if (end !== "[DONE]") throw new Error(`The reply ended with ${end ?? "nothing"}.`);
  return events;
}

async function post(url: string, body: object): Promise<Response> {
  const response = await fetch(url, { method: "POST", headers: callHeaders, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(await response.text());
  return response;
}
