import { ClientError } from "@llm-platform/client";
import { useState } from "react";
import { Link } from "wouter";
import { Button } from "../../components/button.tsx";
import { Card, Figure } from "../../components/card.tsx";
import { ConfirmDialog } from "../../components/dialog.tsx";
import { IntegrationMark } from "../../components/integration-mark.tsx";
import type { IntegrationStatus } from "../../components/integration-state.ts";
import { EmptyState, ErrorState, Notice, Skeleton } from "../../components/notice.tsx";
import { FigureList, Grid, PageFrame } from "../../components/page.tsx";
import { RepairList } from "../../components/repair-list.tsx";
import { Countdown, Time } from "../../components/time.tsx";
import { useToasts } from "../../components/toast.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useChange, useOperation } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import { EventTable } from "./event-table.tsx";
import styles from "./integrations.module.css";
import { MetricTable } from "./metric-table.tsx";
import { integrationMessages } from "./messages.ts";
import { RemoveButton } from "./remove-button.tsx";
import { SettingsForm } from "./settings-form.tsx";
import { useIntegrationFigures } from "./use-figures.ts";
import { useRestart } from "./use-restart.ts";

/** One integration: how it is, what it is set to, and what happened. */
export function IntegrationPage({ name }: { readonly name: string }) {
  const say = useText(integrationMessages);
  const { data, error, refetch } = useOperation("integrations.status", { name });
  if (error instanceof ClientError && error.kind === "not_found")
    return (
      <EmptyState
        icon="plug"
        title={say("gone_title")}
        text={say("gone_text")}
        action={<Link href="/integrations">{say("back")}</Link>}
      />
    );
  return (
    <PageFrame
      title={name}
      {...(data === undefined ? {} : { lead: data.summary })}
      actions={data === undefined ? null : <PageActions status={data} />}
    >
      <p>
        <Link href="/integrations">{say("back")}</Link>
      </p>
      {error === null || data !== undefined ? null : (
        <ErrorState error={error} onRetry={() => void refetch()} />
      )}
      {data === undefined ? <Skeleton lines={8} /> : <Facts status={data} />}
      <Grid look="wide">
        <Card title={say("settings")}>
          <SettingsForm name={name} />
        </Card>
        <Card title={say("repairs")}>
          <RepairList about={name} />
        </Card>
        <div className={styles["whole"]}>
          <Card title={say("events")}>
            <EventTable name={name} />
          </Card>
        </div>
        <div className={styles["whole"]}>
          <Card title={say("figures")}>
            <MetricTable name={name} />
          </Card>
        </div>
      </Grid>
    </PageFrame>
  );
}

function Facts({ status }: { readonly status: IntegrationStatus }) {
  const say = useText(integrationMessages);
  const formats = useFormats();
  const figures = useIntegrationFigures().get(status.name);
  const {
    state,
    reason,
    since,
    next_retry_at,
    last_probe,
    restarts,
    priority,
    network,
    type,
    config_problem,
  } = status;
  return (
    <Card title={say("overview")} actions={<IntegrationMark state={state} />}>
      {reason === null ? null : <Notice tone={state === "running" ? "calm" : "warn"}>{reason}</Notice>}
      {config_problem === null ? null : <Notice tone="warn">{config_problem}</Notice>}
      {next_retry_at === null ? null : (
        <p>
          {say("next_try")} <Countdown to={next_retry_at} />
        </p>
      )}
      <FigureList>
        <Figure label={say("since")}>
          <Time at={since} look="short" />
        </Figure>
        <Figure
          label={say("probe")}
          note={last_probe === null ? undefined : <Time at={last_probe.time} look="distance" />}
        >
          {formats.duration(last_probe?.duration_ms)}
        </Figure>
        <Figure label={say("restarts")}>{formats.count(restarts.total)}</Figure>
        {type === "model_platform" ? (
          <>
            <Figure label={say("models")}>{formats.count(figures?.models ?? 0)}</Figure>
            <Figure label={say("calls")}>{formats.count(figures?.calls ?? 0)}</Figure>
            <Figure label={say("errors")}>{formats.ratio(figures?.errorRatio)}</Figure>
            <Figure label={say("p95")}>{formats.duration(figures?.p95Ms)}</Figure>
          </>
        ) : null}
        <Figure label={say("priority")}>{formats.count(priority)}</Figure>
        <Figure label={say("reach")}>{network}</Figure>
      </FigureList>
    </Card>
  );
}

function PageActions({ status: { name, enabled } }: { readonly status: IntegrationStatus }) {
  const say = useText(integrationMessages);
  const toasts = useToasts();
  const restart = useRestart();
  const configure = useChange("integrations.configure");
  const [isAsking, setIsAsking] = useState(false);
  const turn = (isOn: boolean) =>
    configure.mutate(
      { name, enabled: isOn },
      {
        onSuccess: () => toasts.done(say(isOn ? "enabled" : "disabled", { name })),
        onError: (error) => toasts.failed(error),
        onSettled: () => setIsAsking(false),
      },
    );
  return (
    <Allowed to="integrations.restart">
      {enabled ? (
        <>
          <Button icon="refresh" isBusy={restart.isBusy} onClick={() => restart.run(name)}>
            {say("restart")}
          </Button>
          <Button icon="power" onClick={() => setIsAsking(true)}>
            {say("disable")}
          </Button>
        </>
      ) : (
        <Button look="primary" icon="power" isBusy={configure.isPending} onClick={() => turn(true)}>
          {say("enable")}
        </Button>
      )}
      <RemoveButton name={name} />
      {isAsking ? (
        <ConfirmDialog
          title={say("disable_title", { name })}
          text={say("disable_text")}
          action={say("disable")}
          isBusy={configure.isPending}
          onConfirm={() => turn(false)}
          onClose={() => setIsAsking(false)}
        />
      ) : null}
    </Allowed>
  );
}
