import { type FormEvent, useState } from "react";
import { Button } from "../../components/button.tsx";
import type { Column } from "../../components/data-table.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { SelectField, TextField } from "../../components/field.tsx";
import { EmptyState } from "../../components/notice.tsx";
import { PagedTable } from "../../components/paged-table.tsx";
import { StateMark } from "../../components/state-mark.tsx";
import { useFormats } from "../../components/use-formats.ts";
import { usePages } from "../../query/use-operation.ts";
import { useText } from "../../text/use-text.ts";
import { HubRepository } from "./hub-repository.tsx";
import { modelMessages } from "./messages.ts";
import styles from "./models.module.css";
import type { OperationOutput } from "@llm-platform/client";

type Found = OperationOutput<"huggingface.search">["models"][number];
type Sort = "downloads" | "likes" | "updated" | "trending";

const sorts: readonly Sort[] = ["downloads", "trending", "likes", "updated"];

interface Question {
  readonly query: string;
  readonly license: string;
  readonly sort: Sort;
}

/** Looks for a model on the Hub, and has it brought here. */
export function HubDrawer({ onClose }: { onClose(): void }) {
  const say = useText(modelMessages);
  const [asked, setAsked] = useState<Question>({ query: "", license: "", sort: "downloads" });
  const [repository, setRepository] = useState<string>();
  return (
    <Dialog look="drawer" title={say("add_title")} onClose={onClose}>
      {repository === undefined ? (
        <>
          <SearchForm asked={asked} onAsk={setAsked} />
          <Results question={asked} onOpen={({ id }) => setRepository(id)} />
        </>
      ) : (
        <HubRepository repository={repository} onBack={() => setRepository(undefined)} onStarted={onClose} />
      )}
    </Dialog>
  );
}

function SearchForm({ asked, onAsk }: { readonly asked: Question; onAsk(question: Question): void }) {
  const say = useText(modelMessages);
  const [question, setQuestion] = useState(asked);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onAsk(question);
  };
  return (
    <form className={styles["search"]} role="search" onSubmit={submit}>
      <TextField
        label={say("words")}
        type="search"
        value={question.query}
        onChange={(query) => setQuestion({ ...question, query })}
        hasFocus
      />
      <TextField
        label={say("license")}
        placeholder={say("license_example")}
        value={question.license}
        onChange={(license) => setQuestion({ ...question, license })}
      />
      <SelectField
        label={say("sort")}
        value={question.sort}
        options={sorts.map((value) => ({ value, label: say(`sort_${value}`) }))}
        onChange={(sort) => setQuestion({ ...question, sort })}
      />
      <Button look="primary" icon="search" isSubmit>
        {say("search")}
      </Button>
    </form>
  );
}

function Results({ question, onOpen }: { readonly question: Question; onOpen(found: Found): void }) {
  const say = useText(modelMessages);
  const { count } = useFormats();
  const { query, license, sort } = question;
  const found = usePages(
    "huggingface.search",
    { ...(query === "" ? {} : { query }), ...(license === "" ? {} : { license }), sort },
    ({ models }) => models,
  );
  const columns: readonly Column<Found>[] = [
    { key: "id", title: say("repository"), cell: ({ id }) => id },
    { key: "license", title: say("license"), cell: (each) => each.license ?? "–" },
    {
      key: "parameters",
      title: say("parameters"),
      isNumber: true,
      cell: ({ parameters }) => count(parameters),
    },
    { key: "downloads", title: say("downloads"), isNumber: true, cell: ({ downloads }) => count(downloads) },
    {
      key: "gated",
      title: say("access"),
      cell: ({ gated }) =>
        gated === "no" ? (
          "–"
        ) : (
          <StateMark tone="warn" icon="lock">
            {say("gated")}
          </StateMark>
        ),
    },
  ];
  return (
    <PagedTable
      caption={say("results")}
      columns={columns}
      pages={found}
      keyOf={({ id }) => id}
      onOpen={onOpen}
      empty={<EmptyState icon="search" title={say("nothing_title")} text={say("nothing_text")} />}
    />
  );
}
