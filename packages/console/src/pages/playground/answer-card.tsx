import { Card, Figure } from "../../components/card.tsx";
import { ErrorState, Notice } from "../../components/notice.tsx";
import { FigureList } from "../../components/page.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useText } from "../../text/use-text.ts";
import { playgroundMessages } from "./messages.ts";
import styles from "./playground.module.css";
import type { Answer } from "./use-answers.ts";

const tones = { running: "calm", done: "good", cancelled: "none", cut: "bad" } as const;

/** One model's answer, and how fast it came. Its text is text: nothing in it is markup. */
export function AnswerCard({ answer }: { readonly answer: Answer }) {
  const say = useText(playgroundMessages);
  const formats = useFormats();
  const { model, state, text, firstMs, totalMs, outputTokens, error } = answer;
  return (
    <Card title={model} actions={<StateMark tone={tones[state]}>{say(`state_${state}`)}</StateMark>}>
      <FigureList>
        <Figure label={say("first")}>{formats.duration(firstMs)}</Figure>
        <Figure label={say("total")}>{formats.duration(totalMs)}</Figure>
        <Figure label={say("speed")}>{formats.count(tokensPerSecond(answer))}</Figure>
        <Figure label={say("tokens")}>{formats.count(outputTokens)}</Figure>
      </FigureList>
      <p className={styles["text"]}>{text}</p>
      {state === "cut" && text !== "" ? <Notice tone="warn">{say("cut")}</Notice> : null}
      {error === undefined ? null : <ErrorState error={error} />}
    </Card>
  );
}

/** In less time a rate says more about the clock than about the model. */
const minSpanMs = 100;

function tokensPerSecond({ firstMs, totalMs, outputTokens }: Answer): number | undefined {
  if (firstMs === undefined || totalMs === undefined || outputTokens === undefined) return undefined;
  const spanMs = totalMs - firstMs;
  return spanMs < minSpanMs ? undefined : outputTokens / (spanMs / 1_000);
}
