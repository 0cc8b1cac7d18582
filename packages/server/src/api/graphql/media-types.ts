/** How an answer is written. */
export interface AnswerForm {
  readonly contentType: string;
  /**
   * Whether the client knows nothing but `application/json`: of old, such clients read an answer with another status than 200
   * as one that is not the server's (GraphQL over HTTP, "Status codes").
   */
  readonly isLegacy: boolean;
  /** Whether it is a stream of results. */
  readonly isStream: boolean;
}

const json = "application/json; charset=utf-8";

const response: AnswerForm = {
  contentType: "application/graphql-response+json; charset=utf-8",
  isLegacy: false,
  isStream: false,
};
export const anyForm: AnswerForm = { contentType: json, isLegacy: false, isStream: false };
const stream: AnswerForm = {
  contentType: "text/event-stream; charset=utf-8",
  isLegacy: false,
  isStream: true,
};

const forms: Readonly<Record<string, AnswerForm>> = {
  "application/graphql-response+json": response,
  "application/json": { ...anyForm, isLegacy: true },
  "text/event-stream": stream,
  "application/*": anyForm,
  "*/*": anyForm,
};

/** What a client wants its answer as; undefined where it wants nothing that there is. */
export function chooseForm(accept: string | undefined): AnswerForm | undefined {
  if (accept === undefined || accept.trim() === "") return anyForm;
  const wanted = parseAccept(accept).filter(({ type, weight }) => weight > 0 && Object.hasOwn(forms, type));
  const [best] = wanted.toSorted((a, b) => b.weight - a.weight);
  return best === undefined ? undefined : forms[best.type];
}

/** Whether a client wants a page. */
export function wantsPage(accept: string | undefined): boolean {
  if (accept === undefined) return true;
  return parseAccept(accept).some(
    ({ type, weight }) => weight > 0 && /^(?:text\/(?:html|\*)|\*\/\*)$/.test(type),
  );
}

function parseAccept(accept: string): readonly { readonly type: string; readonly weight: number }[] {
  return accept.split(",").map((part) => {
    const [type = "", ...parameters] = part.split(";").map((each) => each.trim().toLowerCase());
    const weight = parameters.find((each) => each.startsWith("q="))?.slice(2);
    return { type, weight: weight === undefined ? 1 : Number(weight) };
  });
}
