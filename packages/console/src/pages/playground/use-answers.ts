import { type ChatMessage, ClientError, type PlatformClient } from "@llm-platform/client";
import { useEffect, useRef, useState } from "react";
import { useSession } from "../../session/use-session.ts";

export interface Question {
  readonly system: string;
  readonly prompt: string;
}

/** What a model has answered so far. Times are in milliseconds from the question. */
export interface Answer {
  readonly model: string;
  readonly state: "running" | "done" | "cancelled" | "cut";
  readonly text: string;
  readonly firstMs: number | undefined;
  readonly totalMs: number | undefined;
  readonly outputTokens: number | undefined;
  readonly error: Error | undefined;
}

type Change = (model: string, change: Partial<Answer>) => void;

/** Answers of several models to one question, each over a stream of its own. */
export function useAnswers(): {
  readonly answers: readonly Answer[];
  ask(models: readonly string[], question: Question): void;
  /** Ends all that are still coming. */
  cancel(): void;
} {
  const { client } = useSession();
  const [answers, setAnswers] = useState<readonly Answer[]>([]);
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  return {
    answers,
    ask(models, question) {
      const control = new AbortController();
      running.current?.abort();
      running.current = control;
      setAnswers(models.map(toEmpty));
      const change: Change = (model, part) =>
        setAnswers((before) => before.map((each) => (each.model === model ? { ...each, ...part } : each)));
      for (const model of models)
        void follow(client, { model, messages: toMessages(question), signal: control.signal }, change);
    },
    cancel: () => running.current?.abort(),
  };
}

export function toMessages({ system, prompt }: Question): readonly ChatMessage[] {
  const asked = { role: "user", content: prompt } as const;
  return system.trim() === "" ? [asked] : [{ role: "system", content: system }, asked];
}

interface Call {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly signal: AbortSignal;
}

async function follow(
  client: PlatformClient,
  { model, messages, signal }: Call,
  change: Change,
): Promise<void> {
  const startedMs = performance.now();
  const sinceMs = () => performance.now() - startedMs;
  let text = "";
  try {
    for await (const { content, usage } of client.chat(model, messages, signal)) {
      if (content !== "" && text === "") change(model, { firstMs: sinceMs() });
      text += content;
      change(model, { text, ...(usage === undefined ? {} : { outputTokens: usage.completion_tokens }) });
    }
    change(model, { state: "done", totalMs: sinceMs() });
  } catch (error) {
    if (signal.aborted) change(model, { state: "cancelled", totalMs: sinceMs() });
    else if (error instanceof ClientError) change(model, { state: "cut", totalMs: sinceMs(), error });
    else throw error;
  }
}

function toEmpty(model: string): Answer {
  return {
    model,
    state: "running",
    text: "",
    firstMs: undefined,
    totalMs: undefined,
    outputTokens: undefined,
    error: undefined,
  };
}
