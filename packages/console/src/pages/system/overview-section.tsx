import { Card } from "../../components/card.tsx";
import { type Fact, FactList } from "../../components/fact-list.tsx";
import { ErrorState, Skeleton } from "../../components/notice.tsx";
import { Grid } from "../../components/page.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { Time } from "../../components/time.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { useOperation } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { CertificateTable } from "./certificate-table.tsx";
import { systemMessages } from "./messages.ts";
import styles from "./system.module.css";
import type { Parts } from "./system-parts.ts";

const refreshMs = 15_000;

/** What the server is, and what it stands on. */
export function OverviewSection() {
  const say = useText(systemMessages);
  const { data, error, refetch } = useOperation("system.parts", {}, { refreshMs });
  if (data === undefined)
    return error === null ? (
      <Skeleton lines={8} />
    ) : (
      <ErrorState error={error} onRetry={() => void refetch()} />
    );
  return (
    <>
      <Grid>
        <ServerCard license={data.license} directory={data.disk.directory} />
        <ReplicaCard replicas={data.replicas} />
        <StoreCard store={data.store} />
        <RedisCard redis={data.redis} />
        <DiskCard disk={data.disk} />
      </Grid>
      <Card title={say("certificates")}>
        <CertificateTable certificates={data.certificates} />
      </Card>
    </>
  );
}

function ServerCard({ license, directory }: { readonly license: string; readonly directory: string }) {
  const say = useText(systemMessages);
  const formats = useFormats();
  const { data } = useOperation("system.info", {}, { refreshMs });
  if (data === undefined) return <Skeleton />;
  const facts: readonly Fact[] = [
    [say("version"), <code key="version">{data.version}</code>],
    [say("node"), <code key="node">{data.node_version}</code>],
    [say("started"), <Time key="started" at={data.started_at} />],
    [say("uptime"), formats.duration(data.uptime_seconds * 1_000)],
    [say("in_flight"), formats.count(data.requests_in_flight)],
    [say("license"), license],
    [say("data_dir"), <code key="data">{directory}</code>],
  ];
  return (
    <Card title={say("server")}>
      <FactList facts={facts} />
    </Card>
  );
}

function ReplicaCard({ replicas }: { readonly replicas: Parts["replicas"] }) {
  const say = useText(systemMessages);
  const formats = useFormats();
  if (!replicas.is_shared)
    return (
      <Card title={say("replicas")}>
        <p>{say("alone")}</p>
      </Card>
    );
  const facts: readonly Fact[] = [
    [say("count"), formats.count(replicas.count)],
    [say("leads"), say(replicas.is_leader ? "this_one" : "another")],
    ...(replicas.name === "" ? [] : [[say("name"), <code key="name">{replicas.name}</code>] as const]),
  ];
  return (
    <Card title={say("replicas")}>
      <FactList facts={facts} />
      <p className={styles["hint"]}>{say("shared_hint")}</p>
    </Card>
  );
}

function StoreCard({ store }: { readonly store: Parts["store"] }) {
  const say = useText(systemMessages);
  const formats = useFormats();
  return (
    <Card
      title={say("store")}
      actions={
        <StateMark tone={store.is_well ? "good" : "bad"}>{say(store.is_well ? "well" : "ill")}</StateMark>
      }
    >
      <p>{say(`kind_${store.kind}`)}</p>
      <FactList
        facts={[
          [say("answer"), formats.duration(store.answer_ms)],
          [say("size"), formats.bytes(store.bytes)],
          ...(store.problem === null ? [] : [[say("problem"), store.problem] as const]),
        ]}
      />
    </Card>
  );
}

function RedisCard({ redis }: { readonly redis: Parts["redis"] }) {
  const say = useText(systemMessages);
  const formats = useFormats();
  if (redis === null)
    return (
      <Card title={say("redis")}>
        <p>{say("redis_none")}</p>
      </Card>
    );
  const used = formats.bytes(redis.used_bytes);
  return (
    <Card
      title={say("redis")}
      actions={<StateMark tone={redis.is_up ? "good" : "bad"}>{say(redis.is_up ? "well" : "ill")}</StateMark>}
    >
      <FactList
        facts={[
          [say("answer"), formats.duration(redis.ping_ms)],
          [
            say("memory"),
            redis.most_bytes === null
              ? used
              : say("memory_of", { used, most: formats.bytes(redis.most_bytes) }),
          ],
          ...(redis.trouble === null ? [] : [[say("problem"), redis.trouble] as const]),
        ]}
      />
    </Card>
  );
}

function DiskCard({ disk }: { readonly disk: Parts["disk"] }) {
  const say = useText(systemMessages);
  const formats = useFormats();
  const gaps = { free: formats.bytes(disk.free_bytes), size: formats.bytes(disk.size_bytes) };
  return (
    <Card title={say("disk")}>
      <FactList
        facts={[
          [say("free"), say("of_size", gaps)],
          [say("models"), formats.bytes(disk.models_bytes)],
          [say("rest"), formats.bytes(disk.store_bytes)],
        ]}
      />
    </Card>
  );
}
