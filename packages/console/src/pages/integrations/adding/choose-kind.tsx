import type { OperationOutput } from "@llm-platform/client";
import { useEffect } from "react";
import { Link } from "wouter";
import { Button } from "../../../components/button.tsx";
import { ErrorState, Skeleton } from "../../../components/notice.tsx";
import { StateMark } from "../../../components/state-mark.tsx";
import { useChange } from "../../../query/use-operation.ts";
import { useText } from "../../../text/use-text.ts";
import styles from "../integrations.module.css";
import { integrationMessages } from "../messages.ts";

export type Kind = OperationOutput<"integrations.kinds">["kinds"][number];
type Found = OperationOutput<"integrations.discover">["found"][number];

/** What somebody has chosen to add, and what is known of it already. */
export interface Choice {
  readonly kind: Kind;
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

interface ChooseKindProps {
  readonly kinds: readonly Kind[];
  onChoose(choice: Choice): void;
}

const types = ["model_platform", "monitoring", "service"] as const;

/** What can be added: first what answers on this machine, then every kind. */
export function ChooseKind({ kinds, onChoose }: ChooseKindProps) {
  const say = useText(integrationMessages);
  return (
    <>
      <FoundServers kinds={kinds} onChoose={onChoose} />
      {types.map((type) => {
        const own = kinds.filter((each) => each.type === type && each.can_be_added);
        return own.length === 0 ? null : (
          <section key={type} className={styles["kinds"]} aria-label={say(type)}>
            <h3>{say(type)}</h3>
            <ul>
              {own.map((kind) => (
                <li key={kind.use} className={styles["found"]}>
                  <p>
                    <strong>{kind.use}</strong>
                    <br />
                    <small>{kind.summary}</small>
                  </p>
                  <Button
                    aria-label={say("choose_kind", { name: kind.use })}
                    onClick={() => onChoose({ kind, name: kind.use, settings: {} })}
                  >
                    {say("choose")}
                  </Button>
                </li>
              ))}
            </ul>
          </section>
        );
      })}
    </>
  );
}

/** Looks once, when the reader begins to add something, and only on the platform's machine. */
function FoundServers({ kinds, onChoose }: ChooseKindProps) {
  const say = useText(integrationMessages);
  const { mutate, data, error } = useChange("integrations.discover");
  useEffect(() => mutate({}), [mutate]);
  return (
    <section className={styles["kinds"]} aria-label={say("discover_title")}>
      <h3>{say("discover_title")}</h3>
      <p>{say("discover_text")}</p>
      {error === null ? null : <ErrorState error={error} onRetry={() => mutate({})} />}
      {data === undefined && error === null ? <Skeleton /> : null}
      {data?.found.length === 0 ? <p>{say("discover_none_text")}</p> : null}
      <ul>
        {data?.found.map((found) => (
          <FoundServer key={found.address} found={found} kinds={kinds} onChoose={onChoose} />
        ))}
      </ul>
    </section>
  );
}

function FoundServer({ found, kinds, onChoose }: ChooseKindProps & { readonly found: Found }) {
  const say = useText(integrationMessages);
  const { label, use, address, models, settings, integration } = found;
  const kind = kinds.find((each) => each.use === use);
  return (
    <li className={styles["found"]}>
      <p>
        <strong>{label}</strong> <code>{address}</code>
        {models === null ? null : <small> · {say("found_models", { count: models })}</small>}
      </p>
      {integration === null ? (
        kind === undefined ? null : (
          <Button
            look="primary"
            icon="plus"
            aria-label={say("add_found", { name: label, address })}
            onClick={() => onChoose({ kind, name: `${use}-${new URL(address).port}`, settings })}
          >
            {say("add")}
          </Button>
        )
      ) : (
        <span className={styles["connected"]}>
          <StateMark tone="good">{say("connected", { name: integration })}</StateMark>
          <Link href={`/integrations/${encodeURIComponent(integration)}`}>{say("to_check")}</Link>
        </span>
      )}
    </li>
  );
}
