import { Link } from "wouter";
import { Button } from "../../components/button.tsx";
import { Icon, type IconName } from "../../components/icon.tsx";
import { IntegrationMark } from "../../components/integration-mark.tsx";
import type { IntegrationStatus } from "../../components/integration-state.ts";
import { Countdown } from "../../components/time.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import styles from "./integrations.module.css";
import { integrationMessages } from "./messages.ts";
import type { IntegrationFigures } from "./use-figures.ts";
import { useRestart } from "./use-restart.ts";

const icons: Readonly<Record<IntegrationStatus["type"], IconName>> = {
  model_platform: "cube",
  monitoring: "chart",
  service: "server",
  api: "plug",
};

interface IntegrationCardProps {
  readonly status: IntegrationStatus;
  readonly figures: IntegrationFigures | undefined;
}

export function IntegrationCard({ status, figures }: IntegrationCardProps) {
  const say = useText(integrationMessages);
  const { name, use, type, state, reason, summary, next_retry_at, waiting_for } = status;
  const waits = waiting_for.length === 0 ? undefined : say("waits_for", { names: waiting_for.join(", ") });
  return (
    <article className={styles["card"]}>
      <div className={styles["top"]}>
        <span className={styles["logo"]}>
          <Icon name={icons[type]} size={20} />
        </span>
        <h3 className={styles["name"]}>
          <Link href={`/integrations/${encodeURIComponent(name)}`}>{name}</Link>
          {use === name ? null : <small>{use}</small>}
        </h3>
        <IntegrationMark state={state} />
      </div>
      <p className={styles["reason"]}>{waits ?? reason ?? summary}</p>
      {next_retry_at === null ? null : <Retry name={name} at={next_retry_at} />}
      {type === "model_platform" ? <Figures figures={figures} /> : null}
    </article>
  );
}

function Retry({ name, at }: { readonly name: string; readonly at: string }) {
  const say = useText(integrationMessages);
  const restart = useRestart();
  return (
    <div className={styles["retry"]}>
      <span>
        {say("next_try")} <Countdown to={at} />
      </span>
      <Allowed to="integrations.restart">
        <Button look="quiet" icon="refresh" isBusy={restart.isBusy} onClick={() => restart.run(name)}>
          {say("try_now")}
        </Button>
      </Allowed>
    </div>
  );
}

function Figures({ figures }: { readonly figures: IntegrationFigures | undefined }) {
  const say = useText(integrationMessages);
  const formats = useFormats();
  const facts = [
    [say("models"), formats.count(figures?.models ?? 0)],
    [say("calls"), formats.count(figures?.calls ?? 0)],
    [say("errors"), formats.ratio(figures?.errorRatio)],
    [say("p95"), formats.duration(figures?.p95Ms)],
  ] as const;
  return (
    <dl className={styles["facts"]}>
      {facts.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
