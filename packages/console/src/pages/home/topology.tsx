import type { ReactNode } from "react";
import { Link } from "wouter";
import { Card } from "../../components/card.tsx";
import { Icon } from "../../components/icon.tsx";
import { type IntegrationStatus, stateLooks, stateMessages } from "../../components/integration-state.ts";
import type { Tone } from "../../components/state-mark.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useOperation } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import styles from "./home.module.css";
import { homeMessages } from "./messages.ts";
import { TopologyLines } from "./topology-lines.tsx";

/** What clients do not call models by. */
const notForClients = new Set(["console", "rest-api", "prometheus", "opentelemetry"]);

/** Which way a call goes: by an API, through the gateway, over an integration, to a model; each with how it is now. */
export function Topology() {
  const say = useText(homeMessages);
  const formats = useFormats();
  const { data } = useOperation("integrations.list", {});
  const models = useOperation("models.list", {}).data?.models ?? [];
  const loaded = useOperation("models.loaded", {}).data?.models ?? [];
  const on = (data?.integrations ?? []).filter(({ enabled }) => enabled);
  const clients = on.filter(({ type, name }) => type === "api" && !notForClients.has(name));
  const platforms = on.filter(({ type }) => type === "model_platform");
  const { data: system } = useOperation("system.info", {}, { refreshMs: 60_000 });
  const rows = Math.max(1, clients.length, platforms.length);
  if (data === undefined) return null;
  return (
    <Card title={say("topology")}>
      <div className={styles["topology"]}>
        <Column title={say("clients")}>
          {clients.map((status) => (
            <StatusNode key={status.name} status={status} />
          ))}
        </Column>
        <TopologyLines rows={rows} from={clients.map(toneOf)} />
        <Column title={say("gateway")}>
          <p className={styles["node"]} data-tone="good">
            <span>{say("in_flight_now", { count: system?.requests_in_flight ?? 0 })}</span>
            <Icon name="route" size={16} />
          </p>
        </Column>
        <TopologyLines rows={rows} to={platforms.map(toneOf)} />
        <Column title={say("platforms")}>
          {platforms.map((status) => (
            <StatusNode key={status.name} status={status} />
          ))}
        </Column>
        <TopologyLines rows={rows} from={platforms.map(toneOf)} to={platforms.map(toneOf)} />
        <Column title={say("models")}>
          {platforms.map(({ name, state }) => {
            const own = models.filter(({ integration }) => integration === name).length;
            const inMemory = loaded.filter(({ integration }) => integration === name).length;
            return (
              <p
                key={name}
                className={styles["node"]}
                data-tone={own === 0 ? "none" : stateLooks[state].tone}
              >
                <span>{say("models_of", { count: own })}</span>
                {inMemory === 0 ? (
                  <Icon name="cube" size={16} />
                ) : (
                  <small>{say("loaded_of", { count: formats.count(inMemory) })}</small>
                )}
              </p>
            );
          })}
        </Column>
      </div>
    </Card>
  );
}

function toneOf({ state }: IntegrationStatus): Tone {
  return stateLooks[state].tone;
}

function Column({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div className={styles["column"]}>
      <h3>{title}</h3>
      <div className={styles["nodes"]}>{children}</div>
    </div>
  );
}

function StatusNode({ status: { name, state } }: { readonly status: IntegrationStatus }) {
  const say = useText(stateMessages);
  const { tone, icon } = stateLooks[state];
  return (
    <Link
      className={styles["node"]}
      data-tone={tone}
      href={`/integrations/${encodeURIComponent(name)}`}
      aria-label={`${name}: ${say(state)}`}
      title={say(state)}
    >
      <span>{name}</span>
      <Icon name={icon} size={16} />
    </Link>
  );
}
