import { Card, Figure } from "../../components/card.tsx";
import { FigureList } from "../../components/page.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useText } from "../../text/use-text.ts";
import type { Policy } from "./looks.ts";
import { routingMessages } from "./messages.ts";

const settings = {
  retries: "gateway.max_retries",
  firstByte: "gateway.first_byte_timeout_seconds",
  wholeReply: "gateway.request_timeout_seconds",
  failures: "gateway.breaker.failures",
  openFor: "gateway.breaker.open_seconds",
  openAtMost: "gateway.breaker.max_open_seconds",
} as const;

/** The key of a setting, which a narrow column may break where one of its words ends. */
function SettingKey({ of }: { readonly of: keyof typeof settings }) {
  return <code>{settings[of].split(/(?<=[._])/).flatMap((word, at) => [<wbr key={at} />, word])}</code>;
}

/** What holds for every route. */
export function PolicyCard({ policy }: { readonly policy: Policy }) {
  const say = useText(routingMessages);
  const formats = useFormats();
  const { breaker } = policy;
  const time = (seconds: number) => formats.duration(seconds * 1_000);
  return (
    <Card title={say("policy")}>
      <p>{say("policy_text")}</p>
      <FigureList>
        <Figure label={say("retries")} note={<SettingKey of="retries" />}>
          {formats.count(policy.max_retries)}
        </Figure>
        <Figure label={say("first_byte")} note={<SettingKey of="firstByte" />}>
          {time(policy.first_byte_timeout_seconds)}
        </Figure>
        <Figure label={say("whole_reply")} note={<SettingKey of="wholeReply" />}>
          {time(policy.request_timeout_seconds)}
        </Figure>
        <Figure label={say("breaker_failures")} note={<SettingKey of="failures" />}>
          {formats.count(breaker.failures)}
        </Figure>
        <Figure label={say("breaker_open_for")} note={<SettingKey of="openFor" />}>
          {time(breaker.open_seconds)}
        </Figure>
        <Figure label={say("breaker_at_most")} note={<SettingKey of="openAtMost" />}>
          {time(breaker.max_open_seconds)}
        </Figure>
      </FigureList>
      <p>{say("breaker_also", { count: breaker.window_calls, time: time(breaker.window_seconds) })}</p>
    </Card>
  );
}
