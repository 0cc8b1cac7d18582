import { Fragment, memo, type ReactNode } from "react";
import { CopyButton } from "../../../components/copy-button.tsx";
import { type Block, parseMarkdown } from "./blocks.ts";
import type { Inline } from "./inline.ts";
import styles from "./markdown.module.css";

/** What a model wrote, as elements: nothing in it is ever taken for HTML, and nothing is fetched for it. */
export const Markdown = memo(function Markdown({ text }: { readonly text: string }) {
  return <div className={styles["markdown"]}>{drawBlocks(parseMarkdown(text))}</div>;
});

function drawBlocks(blocks: readonly Block[]): ReactNode {
  // They only grow at their end.
  return blocks.map((block, at) => <Fragment key={at}>{drawBlock(block)}</Fragment>);
}

function drawBlock(block: Block): ReactNode {
  switch (block.type) {
    case "paragraph":
      return <p>{drawInline(block.content)}</p>;
    case "heading":
      // Of one level, for it does not know what it stands below.
      return <h3>{drawInline(block.content)}</h3>;
    case "code":
      return (
        <div className={styles["code"]}>
          <div className={styles["codeHead"]}>
            <span>{block.language}</span>
            <CopyButton text={block.text} />
          </div>
          <pre tabIndex={0}>{block.text}</pre>
        </div>
      );
    case "quote":
      return <blockquote>{drawBlocks(block.blocks)}</blockquote>;
    case "list":
      return drawList(block);
    case "rule":
      return <hr />;
    case "table":
      return drawTable(block);
  }
}

function drawList({ start, items }: Extract<Block, { readonly type: "list" }>): ReactNode {
  const drawn = items.map((item, at) => <li key={at}>{drawBlocks(item)}</li>);
  return start === undefined ? <ul>{drawn}</ul> : <ol start={start}>{drawn}</ol>;
}

function drawTable({ head, rows }: Extract<Block, { readonly type: "table" }>): ReactNode {
  return (
    <div className={styles["wide"]} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {head.map((cell, at) => (
              <th key={at} scope="col">
                {drawInline(cell)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, line) => (
            <tr key={line}>
              {row.map((cell, at) => (
                <td key={at}>{drawInline(cell)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function drawInline(parts: readonly Inline[]): ReactNode {
  return parts.map((part, at) => <Fragment key={at}>{drawPart(part)}</Fragment>);
}

function drawPart(part: Inline): ReactNode {
  switch (part.type) {
    case "text":
      return part.text;
    case "code":
      return <code>{part.text}</code>;
    case "break":
      return <br />;
    case "strong":
      return <strong>{drawInline(part.content)}</strong>;
    case "emphasis":
      return <em>{drawInline(part.content)}</em>;
    case "struck":
      return <s>{drawInline(part.content)}</s>;
    case "link":
      return (
        <a href={part.href} title={part.href} target="_blank" rel="noopener noreferrer">
          {drawInline(part.content)}
        </a>
      );
  }
}
