import { type ReactNode, useId } from "react";
import styles from "./field.module.css";
import { Icon } from "./icon.tsx";

interface FieldFacts {
  readonly label: string;
  /** What helps to fill it in. */
  readonly hint?: ReactNode;
  /** What is wrong with it. */
  readonly problem?: string | undefined;
}

interface Described extends FieldFacts {
  readonly children: (attributes: {
    readonly id: string;
    readonly className: string | undefined;
    readonly "aria-describedby": string | undefined;
    readonly "aria-invalid": true | undefined;
  }) => ReactNode;
}

/** A label, whatever takes the value, and what is to be said of it. */
export function Field({ label, hint, problem, children }: Described) {
  const id = useId();
  const about = problem === undefined && hint === undefined ? undefined : `${id}-about`;
  return (
    <div className={styles["field"]}>
      <label className={styles["label"]} htmlFor={id}>
        {label}
      </label>
      {children({
        id,
        className: styles["control"],
        "aria-describedby": about,
        "aria-invalid": problem === undefined ? undefined : true,
      })}
      <About id={about} hint={hint} problem={problem} />
    </div>
  );
}

function About({
  id,
  hint,
  problem,
}: {
  readonly id: string | undefined;
  readonly hint: ReactNode;
  readonly problem: string | undefined;
}) {
  if (problem !== undefined)
    return (
      <p id={id} className={styles["problem"]}>
        <Icon name="warning" size={14} /> {problem}
      </p>
    );
  return hint === undefined ? null : (
    <p id={id} className={styles["hint"]}>
      {hint}
    </p>
  );
}

export interface TextFieldProps extends FieldFacts {
  readonly value: string;
  onChange(value: string): void;
  readonly type?: "text" | "password" | "number" | "url" | "search" | "email" | "date" | "datetime-local";
  readonly placeholder?: string;
  readonly autoComplete?: string;
  /** Id of the `<datalist>` to choose from; what is not in it may be typed as well. */
  readonly list?: string;
  readonly isRequired?: boolean;
  readonly isDisabled?: boolean;
  readonly hasFocus?: boolean;
}

export function TextField({
  value,
  onChange,
  type = "text",
  placeholder,
  autoComplete = "off",
  list,
  isRequired = false,
  isDisabled = false,
  hasFocus = false,
  ...facts
}: TextFieldProps) {
  return (
    <Field {...facts}>
      {(attributes) => (
        <input
          {...attributes}
          type={type}
          value={value}
          placeholder={placeholder}
          autoComplete={autoComplete}
          list={list}
          required={isRequired}
          disabled={isDisabled}
          autoFocus={hasFocus}
          step={type === "number" ? "any" : undefined}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

export interface AreaFieldProps extends FieldFacts {
  readonly value: string;
  onChange(value: string): void;
  readonly rows?: number;
}

export function AreaField({ value, onChange, rows = 4, ...facts }: AreaFieldProps) {
  return (
    <Field {...facts}>
      {(attributes) => (
        <textarea
          {...attributes}
          rows={rows}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

export interface SelectFieldProps<Value extends string> extends FieldFacts {
  readonly value: Value;
  readonly options: readonly { readonly value: NoInfer<Value>; readonly label: string }[];
  onChange(value: NoInfer<Value>): void;
}

export function SelectField<Value extends string>({
  value,
  options,
  onChange,
  ...facts
}: SelectFieldProps<Value>) {
  return (
    <Field {...facts}>
      {(attributes) => (
        <select
          {...attributes}
          value={value}
          onChange={(event) => {
            const chosen = options.find((option) => option.value === event.target.value);
            if (chosen !== undefined) onChange(chosen.value);
          }}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export interface CheckFieldProps extends FieldFacts {
  readonly isChecked: boolean;
  onChange(isChecked: boolean): void;
}

export function CheckField({ label, hint, problem, isChecked, onChange }: CheckFieldProps) {
  const id = useId();
  const about = problem === undefined && hint === undefined ? undefined : `${id}-about`;
  return (
    <div className={styles["check"]}>
      <input
        id={id}
        type="checkbox"
        checked={isChecked}
        aria-describedby={about}
        onChange={(event) => onChange(event.target.checked)}
      />
      <label htmlFor={id}>{label}</label>
      <About id={about} hint={hint} problem={problem} />
    </div>
  );
}
