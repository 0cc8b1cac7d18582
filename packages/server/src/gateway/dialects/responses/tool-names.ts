/** What a function is called by: its name, in the namespace that it stands in, if any. */
export interface ToolName {
  readonly name: string;
  readonly namespace?: string | undefined;
}

/** A chat knows no namespaces: there, a function has both names in one. */
export function toChatName({ name, namespace }: ToolName): string {
  return namespace === undefined ? name : `${namespace}__${name}`;
}

/** Takes names of a chat apart again: those that the request made. Anything else a model says is left as it is. */
export function createNameReader(tools: readonly ToolName[]): (chatName: string) => ToolName {
  const byChatName = new Map(tools.map((tool) => [toChatName(tool), tool]));
  return (chatName) => {
    const { name, namespace } = byChatName.get(chatName) ?? { name: chatName };
    return { name, ...(namespace === undefined ? {} : { namespace }) };
  };
}
