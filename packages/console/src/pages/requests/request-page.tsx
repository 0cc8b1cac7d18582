import { ClientError } from "@llm-platform/client";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { Card, Figure } from "../../components/card.tsx";
import { CopyButton } from "../../components/copy-button.tsx";
import { EmptyState, ErrorState, Notice, Skeleton } from "../../components/notice.tsx";
import { FigureList, PageFrame } from "../../components/page.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { Time } from "../../components/time.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useOperation } from "../../query/use-operation.ts";
import { Allowed } from "../../session/allowed.tsx";
import { useText } from "../../text/use-text.ts";
import { AttemptCard } from "./attempt-card.tsx";
import { CandidateTable } from "./candidate-table.tsx";
import { ContentCard } from "./content-card.tsx";
import type { Explanation } from "./explanation.ts";
import { requestMessages } from "./messages.ts";
import { statusTones } from "./request-status.ts";
import styles from "./requests.module.css";
import { useCosts } from "./use-costs.ts";
import { Waterfall } from "./waterfall.tsx";

/** One call, explained: how it ended, where its time went, and why it went where it did. */
export function RequestPage({ id }: { readonly id: string }) {
  const say = useText(requestMessages);
  const { data, error, refetch } = useOperation("requests.get", { id });
  if (error instanceof ClientError && error.kind === "not_found")
    return (
      <EmptyState
        icon="list"
        title={say("gone_title")}
        text={error.message}
        action={<Link href="/requests">{say("back")}</Link>}
      />
    );
  return (
    <PageFrame title={say("request")} lead={id} actions={<CopyButton text={id} label={say("copy_id")} />}>
      <p>
        <Link href="/requests">{say("back")}</Link>
      </p>
      {error === null || data !== undefined ? null : (
        <ErrorState error={error} onRetry={() => void refetch()} />
      )}
      {data === undefined ? error === null ? <Skeleton lines={9} /> : null : <Explained {...data} />}
    </PageFrame>
  );
}

function Explained({ request, times, candidates, attempts }: Explanation) {
  const say = useText(requestMessages);
  return (
    <>
      <Overview request={request} />
      <Card title={say("waterfall")}>
        {times.phases.length === 0 ? <p>{say("no_times")}</p> : <Waterfall times={times} />}
      </Card>
      {request.integration === null && candidates.length > 0 ? (
        <Card title={say("candidates")}>
          <CandidateTable candidates={candidates} />
        </Card>
      ) : null}
      {attempts.map((attempt) => (
        <AttemptCard key={attempt.attempt_id} attempt={attempt} />
      ))}
      <Allowed to="usage.content">
        <ContentCard id={request.id} />
      </Allowed>
    </>
  );
}

function Overview({ request }: { readonly request: Explanation["request"] }) {
  const say = useText(requestMessages);
  const formats = useFormats();
  const showCosts = useCosts();
  const { status, outcome, error_code, message, http_status } = request;
  const isWell = status === "ok";
  return (
    <Card
      title={say("how_it_ended")}
      actions={<StateMark tone={statusTones[status]}>{say(`status_${status}`)}</StateMark>}
    >
      <Notice tone={isWell ? "calm" : "warn"}>
        {message ?? (outcome === null ? say(`meaning_${status}`) : say(`outcome_${outcome}`))}{" "}
        {error_code === null ? null : <code>{error_code}</code>}
      </Notice>
      <FigureList>
        <Figure label={say("duration")}>{formats.duration(request.duration_ms)}</Figure>
        <Figure label={say("first")}>{formats.duration(request.first_byte_ms)}</Figure>
        <Figure label={say("tokens_in")}>{formats.count(request.input_tokens)}</Figure>
        <Figure label={say("tokens_out")}>{formats.count(request.output_tokens)}</Figure>
        <Figure label={say("cost")}>{showCosts(request)}</Figure>
        <Figure label={say("attempts")}>{formats.count(request.attempt_count)}</Figure>
      </FigureList>
      <dl className={styles["facts"]}>
        <Fact label={say("started")}>
          <Time at={request.started_at} />
        </Fact>
        <Fact label={say("principal")}>{request.principal}</Fact>
        <Fact label={say("operation")}>
          {request.operation} {request.stream ? say("streamed") : ""}
        </Fact>
        <Fact label={say("model")}>{request.requested_model}</Fact>
        <Fact label={say("target")}>
          {request.integration === null
            ? say("nowhere")
            : `${request.integration}/${request.upstream_model ?? ""}`}
        </Fact>
        <Fact label={say("http_status")}>{http_status ?? say("nothing")}</Fact>
        {request.replica === null ? null : <Fact label={say("replica")}>{request.replica}</Fact>}
      </dl>
    </Card>
  );
}

function Fact({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
