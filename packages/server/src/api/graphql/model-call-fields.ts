import { type GraphQLFieldConfig, GraphQLNonNull } from "graphql";
import type { z } from "zod";
import type { ModelCaller } from "../model-caller.ts";
import type { SchemaReader } from "./described-schema.ts";
import type { GraphCall } from "./graph-call.ts";
import {
  chatEvent,
  chatInput,
  completionInput,
  embeddingInput,
  embeddingReply,
  textReply,
} from "./model-call-schemas.ts";
import { askForEmbeddings, askForText, followChat, type ModelQuestion } from "./model-calls.ts";
import type { RootField } from "./operation-fields.ts";
import { toOperationInput } from "./operation-input.ts";
import type { TypeBuilder } from "./type-builder.ts";

type Field = GraphQLFieldConfig<unknown, GraphCall>;

export interface ModelCallFields {
  readonly mutations: readonly RootField[];
  readonly subscriptions: readonly RootField[];
}

export interface ModelCallFieldParts {
  readonly types: TypeBuilder;
  readonly reader: SchemaReader;
  readonly caller: ModelCaller;
}

/** The fields that call models. */
export function modelCallFields(parts: ModelCallFieldParts): ModelCallFields {
  const { types, reader, caller } = parts;
  const chat = questionField(parts, "chat", { operation: "chat", schema: chatInput });
  const complete = questionField(parts, "completion", { operation: "completion", schema: completionInput });
  const embed = questionField(parts, "embedding", { operation: "embedding", schema: embeddingInput });
  const text = types.object(reader.read(textReply, "output"), "text_reply");
  const vectors = types.object(reader.read(embeddingReply, "output"), "embedding_reply");
  const event = types.object(reader.read(chatEvent, "output"), "chat_event");
  const told = (what: string) => `${what}\n\nPermission: \`inference.call\`.`;
  return {
    mutations: [
      [
        "chat",
        {
          ...chat.facts,
          type: text,
          description: told("Asks a model, and waits for the whole answer."),
          resolve: (_source, args, call) => askForText(caller, call, chat.read(args)),
        },
      ],
      [
        "complete",
        {
          ...complete.facts,
          type: text,
          description: told("Has a model go on with a text."),
          resolve: (_source, args, call) => askForText(caller, call, complete.read(args)),
        },
      ],
      [
        "embed",
        {
          ...embed.facts,
          type: vectors,
          description: told("Gives the embeddings of texts."),
          resolve: (_source, args, call) => askForEmbeddings(caller, call, embed.read(args)),
        },
      ],
    ],
    subscriptions: [
      [
        "chat",
        {
          ...chat.facts,
          type: new GraphQLNonNull(event),
          description: told("Asks a model, and follows its answer as it comes. Leaving it ends the call."),
          subscribe: (_source, args, call) => followChat(caller, call, chat.read(args)),
          resolve: (item: unknown) => item,
        },
      ],
    ],
  };
}

interface QuestionField {
  readonly facts: Pick<Field, "args" | "extensions">;
  read(args: { readonly input?: unknown }): ModelQuestion;
}

function questionField(
  { types, reader }: ModelCallFieldParts,
  name: string,
  {
    operation,
    schema,
  }: { readonly operation: ModelQuestion["operation"]; readonly schema: z.ZodType<object> },
): QuestionField {
  const described = reader.read(schema, "input");
  return {
    facts: {
      args: { input: { type: new GraphQLNonNull(types.input(described, `${name}.input`)) } },
      extensions: { operation },
    },
    read: ({ input }) => ({ operation, schema, input: toOperationInput(described, input) }),
  };
}
