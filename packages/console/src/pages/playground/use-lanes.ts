import { useEffect, useRef, useState } from "react";
import { useSession } from "../../session/use-session.ts";
import { type Settings, toRequest } from "./chat-request.ts";
import type { Answer, Lane, Question, ToolResult, Turn } from "./conversation.ts";
import { readAnswer } from "./read-answer.ts";

/** Conversations with several models at once, each over streams of its own. */
export interface Lanes {
  /** The conversation with a model; without turns when there was none. */
  of(model: string): Lane;
  readonly isBusy: boolean;
  /** Says the same to each of the models, and has each answer in its own conversation. */
  ask(models: readonly string[], question: Question, settings: Settings): void;
  /** Gives one model what its functions came to, and has it go on. */
  answerTools(model: string, results: readonly ToolResult[], settings: Settings): void;
  /** Ends every answer that is still coming. */
  cancel(): void;
  /** Forgets everything that was said. */
  clear(): void;
}

export function useLanes(): Lanes {
  const { client } = useSession();
  const [turnsOf, setTurnsOf] = useState<ReadonlyMap<string, readonly Turn[]>>(new Map());
  const controls = useRef(new Set<AbortController>());
  const cancel = () => {
    for (const control of controls.current) control.abort();
  };
  useEffect(() => cancel, []);

  function goOn(model: string, said: readonly Turn[], settings: Settings): void {
    const turns = [...(turnsOf.get(model) ?? []), ...said];
    const control = new AbortController();
    controls.current.add(control);
    const tell = (answer: Answer) => {
      // What was forgotten stays so.
      if (controls.current.has(control))
        setTurnsOf((before) => new Map(before).set(model, [...turns, answer]));
    };
    void readAnswer(client, {
      request: toRequest(model, turns, settings),
      signal: control.signal,
      tell,
    }).finally(() => controls.current.delete(control));
  }

  return {
    of: (model) => ({ model, turns: turnsOf.get(model) ?? [] }),
    isBusy: [...turnsOf.values()].some((turns) => isRunning(turns.at(-1))),
    ask(models, question, settings) {
      for (const model of models) goOn(model, [question], settings);
    },
    answerTools: (model, results, settings) => goOn(model, results, settings),
    cancel,
    clear() {
      cancel();
      controls.current.clear();
      setTurnsOf(new Map());
    },
  };
}

function isRunning(turn: Turn | undefined): boolean {
  return turn?.role === "assistant" && turn.state === "running";
}
