import type { FieldProblem } from "@llm-platform/client";
import { useState } from "react";
import { useText } from "../text/use-text.ts";
import { AreaField, CheckField, SelectField, TextField } from "./field.tsx";
import {
  type FieldKind,
  type FieldSchema,
  fromFieldText,
  kindOf,
  plainSchema,
  toFieldText,
} from "./json-schema.ts";
import { componentMessages } from "./messages.ts";
import styles from "./schema-form.module.css";

export type FormValue = Readonly<Record<string, unknown>>;

interface SchemaFormProps {
  /** Of an object, as the server describes it. */
  readonly schema: FieldSchema;
  readonly value: FormValue;
  onChange(value: FormValue): void;
  /** What the server found wrong, by field. */
  readonly problems?: readonly FieldProblem[];
  /** What stands before the names in the problems' fields, for example `settings`. */
  readonly prefix?: string;
  /** Names of secrets that are set already. */
  readonly keptSecrets?: readonly string[];
}

/** A form drawn from a JSON Schema: what is needed first, the rest behind a fold. */
export function SchemaForm(props: SchemaFormProps) {
  const { schema, value, onChange, problems = [], prefix, keptSecrets = [] } = props;
  const say = useText(componentMessages);
  const { properties = {}, required = [] } = schema;
  const names = Object.keys(properties);
  const isMain = (name: string) =>
    required.includes(name) || keptSecrets.includes(name) || value[name] !== undefined;
  const main = names.filter(isMain);
  const [first] = useState(() => (main.length === 0 ? names.slice(0, 2) : main));
  const folded = names.filter((name) => !first.includes(name));
  const draw = (name: string) => (
    <SchemaField
      key={name}
      name={name}
      schema={properties[name] ?? {}}
      value={value[name]}
      isRequired={required.includes(name)}
      isKept={keptSecrets.includes(name)}
      problem={problemOf(problems, prefix === undefined ? name : `${prefix}.${name}`)}
      onChange={(next) => onChange({ ...value, [name]: next })}
    />
  );
  return (
    <div className={styles["form"]}>
      {first.map(draw)}
      {folded.length === 0 ? null : (
        <details className={styles["more"]}>
          <summary>{say("more_settings")}</summary>
          <div>{folded.map(draw)}</div>
        </details>
      )}
    </div>
  );
}

function problemOf(problems: readonly FieldProblem[], field: string): string | undefined {
  return problems.find((problem) => problem.field === field || problem.field.startsWith(`${field}.`))
    ?.message;
}

interface SchemaFieldProps {
  readonly name: string;
  readonly schema: FieldSchema;
  readonly value: unknown;
  readonly isRequired: boolean;
  readonly isKept: boolean;
  readonly problem: string | undefined;
  onChange(value: unknown): void;
}

function SchemaField({ name, schema, value, isRequired, isKept, problem, onChange }: SchemaFieldProps) {
  const say = useText(componentMessages);
  const kind = kindOf(schema);
  const plain = plainSchema(schema);
  const fallback = toFieldText(kind, plain.default);
  const facts = {
    label: schema.title ?? name,
    hint: hintOf(plain, kind, isKept ? say("kept_secret") : undefined),
    problem,
  };
  switch (kind) {
    case "yes_no":
      return (
        <CheckField
          {...facts}
          isChecked={value === undefined ? plain.default === true : value === true}
          onChange={onChange}
        />
      );
    case "choice":
      return (
        <SelectField
          {...facts}
          value={typeof value === "string" ? value : fallback}
          options={[
            ...(fallback === "" ? [{ value: "", label: say("choose") }] : []),
            ...(plain.enum ?? []).map((each) => ({ value: String(each), label: String(each) })),
          ]}
          onChange={(chosen) => onChange(chosen === "" ? undefined : chosen)}
        />
      );
    case "lines":
    case "json":
      return <TextAsValue {...facts} kind={kind} value={value} onChange={onChange} />;
    default:
      return (
        <TextField
          {...facts}
          type={kind === "secret" ? "password" : kind}
          autoComplete={kind === "secret" ? "new-password" : "off"}
          value={toFieldText(kind, value)}
          placeholder={fallback}
          isRequired={isRequired && !isKept}
          onChange={(text) => onChange(fromFieldText(kind, text))}
        />
      );
  }
}

interface TextAsValueProps {
  readonly label: string;
  readonly hint: string | undefined;
  readonly problem: string | undefined;
  readonly kind: FieldKind;
  readonly value: unknown;
  onChange(value: unknown): void;
}

/** Keeps what is typed while it is not a value yet. */
function TextAsValue({ kind, value, onChange, hint, problem, label }: TextAsValueProps) {
  const say = useText(componentMessages);
  const [text, setText] = useState(() => toFieldText(kind, value));
  const [isBad, setIsBad] = useState(false);
  const form = say(kind === "lines" ? "one_per_line" : "as_json");
  return (
    <AreaField
      label={label}
      hint={hint === undefined ? form : `${hint} ${form}`}
      problem={isBad ? say("bad_json") : problem}
      value={text}
      rows={3}
      onChange={(next) => {
        setText(next);
        try {
          onChange(fromFieldText(kind, next));
          setIsBad(false);
        } catch {
          // It is said beneath the field.
          setIsBad(true);
        }
      }}
    />
  );
}

function hintOf(
  { description, minimum, maximum }: FieldSchema,
  kind: FieldKind,
  kept: string | undefined,
): string | undefined {
  // Where whole numbers have no bound of their own, the schema has the largest that there is.
  const isBounded =
    kind === "number" && minimum !== undefined && maximum !== undefined && maximum < 2 ** 53 - 1;
  const range = isBounded ? `${minimum} … ${maximum}` : undefined;
  const parts = [description, range, kept].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join(" ");
}
