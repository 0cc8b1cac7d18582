import { type JsonForm, learnForm } from "./json-form.ts";

/** A form, and what a text of it means. */
interface Known<Meaning> {
  readonly form: JsonForm;
  readonly meaning: Meaning;
}

/** The kinds of text that a stream has one after another: it opens, reasons, answers, calls a tool, ends, and tells its usage. */
const mostForms = 6;
/** After so many texts in a row that were like none before, no more than one of so many is learnt. */
const patience = 16;

/**
 * Remembers the forms of the JSON texts that one server sends: what is of a form that was scanned is compared, not
 * scanned. It knows no grammar; what it does not know is the scan's to judge.
 *
 * It holds at most six forms of 4 KiB, the one that matched last first.
 */
export class FormMemo<Meaning> {
  readonly #known: Known<Meaning>[] = [];
  #strangers = 0;

  /** What `bytes[start, end)` is known as; undefined when it has to be scanned. The places in the form are this text's, until the next match. */
  match(bytes: Buffer, start: number, end: number): Known<Meaning> | undefined {
    const known = this.#known;
    for (let index = 0; index < known.length; index++) {
      const one = known[index];
      if (one === undefined || !one.form.match(bytes, start, end)) continue;
      this.#strangers = 0;
      if (index > 0) {
        known.copyWithin(1, 0, index);
        known[0] = one;
      }
      return one;
    }
    return undefined;
  }

  /**
   * The form of a text that was not known and that the scan has accepted, with the places of this text.
   * Undefined when it is not worth keeping.
   */
  learn(bytes: Buffer, range: { readonly start: number; readonly end: number }): JsonForm | undefined {
    this.#strangers++;
    if (this.#strangers > patience && this.#strangers % patience !== 0) return undefined;
    return learnForm(bytes, range);
  }

  /** Remembers a form in the place of the one that has not matched for longest. */
  keep(form: JsonForm, meaning: Meaning): void {
    this.#known.unshift({ form, meaning });
    if (this.#known.length > mostForms) this.#known.pop();
  }
}
