// What a model wrote, as Markdown: nodes are made from the lexer's tokens, so HTML stays text.
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { Lexer } from "marked";
import type { Token, Tokens, TokensList } from "marked";

import { currentTexts, defineTexts } from "../i18n";
import { CopyButton } from "./copy_button";

const texts = defineTexts({ image: "Image: " }, { image: "图片：" });

// Beyond these, text is shown as it is: some texts take the lexer time that grows with the square of
// their length, and nobody should wait for the structure of such a one.
const textCharsMax = 200_000;
const inlineCharsMax = 4_000; // of one paragraph, table cell, ...
const depthMax = 12; // of quotes and lists
const budgetMs = 100;

const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

function decoded(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|(\w{2,4}));/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return entities[name] ?? whole;
    const point = parseInt(decimal ?? hex, decimal === undefined ? 16 : 10);
    return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}

/** Where a link may lead: other addresses, such as scripts and parts of this page, are no links. */
function safeLink(href: string): string | null {
  try {
    const url = new URL(href);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

function Link({ href, children, raw }: { href: string; children: ComponentChildren; raw: string }) {
  const target = safeLink(href);
  if (target === null) return <>{raw}</>;
  return <a href={target} title={target} target="_blank" rel="noopener noreferrer">{children}</a>;
}

const fullWidth = /[，。！？；：、（）【】《》“”‘’…]/;

/** Chinese goes on behind an address without a space: its punctuation ends the address. */
function BareLink({ token }: { token: Tokens.Link }) {
  const at = token.raw.search(fullWidth);
  const end = at < 0 ? token.raw.length : at;
  const [address, rest] = [token.raw.slice(0, end), token.raw.slice(end)];
  const href = token.href.slice(0, token.href.length - rest.length);
  return <><Link href={href} raw={address}>{address}</Link>{rest}</>;
}

function Code({ token }: { token: Tokens.Code }) {
  const language = token.lang?.trim().split(/\s+/)[0] ?? "";
  return (
    <div class="code-block">
      <div class="code-head"><span>{language}</span><CopyButton text={token.text} /></div>
      <pre tabIndex={0}><code>{token.text}</code></pre>
    </div>
  );
}

function Table({ token, depth }: { token: Tokens.Table; depth: number }) {
  const side = (i: number) => (token.align[i] ? `align-${token.align[i]}` : undefined);
  return (
    <div class="scroll" tabIndex={0}>
      <table>
        <thead><tr>{token.header.map((cell, i) => <th key={i} class={side(i)}>{nodes(cell.tokens, depth)}</th>)}</tr></thead>
        <tbody>
          {token.rows.map((row, r) => (
            <tr key={r}>{row.map((cell, i) => <td key={i} class={side(i)}>{nodes(cell.tokens, depth)}</td>)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function List({ token, depth }: { token: Tokens.List; depth: number }) {
  const items = token.items.map((item, i) => <li key={i} class={item.task ? "task" : undefined}>{nodes(item.tokens, depth)}</li>);
  return token.ordered ? <ol start={token.start === "" ? 1 : token.start}>{items}</ol> : <ul>{items}</ul>;
}

function node(token: Tokens.Generic, depth: number): ComponentChildren {
  if (depth > 4 * depthMax) return token.raw;
  const inner = () => (token.tokens ? nodes(token.tokens, depth + 1) : decoded(token["text"] ?? token.raw));
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "paragraph":
      return <p>{inner()}</p>;
    case "heading": {
      const Heading = `h${Math.min(6, token["depth"] + 2)}` as "h3"; // below those of the page
      return <Heading>{inner()}</Heading>;
    }
    case "code":
      return <Code token={token as Tokens.Code} />;
    case "blockquote":
      return <blockquote>{inner()}</blockquote>;
    case "list":
      return <List token={token as Tokens.List} depth={depth + 1} />;
    case "table":
      return <Table token={token as Tokens.Table} depth={depth + 1} />;
    case "hr":
      return <hr />;
    case "br":
      return <br />;
    case "strong":
      return <strong>{inner()}</strong>;
    case "em":
      return <em>{inner()}</em>;
    case "del":
      return <del>{inner()}</del>;
    case "codespan":
      return <code>{token["text"]}</code>;
    case "checkbox":
      return token["checked"] ? "☑ " : "☐ ";
    case "escape":
      return token["text"];
    case "link":
      if (token["autolink"] && !token.raw.startsWith("<")) return <BareLink token={token as Tokens.Link} />;
      return <Link href={token["href"]} raw={token.raw}>{inner()}</Link>;
    case "image": // loading it would tell its server of this conversation
      return <Link href={token["href"]} raw={token.raw}>{currentTexts(texts).image}{decoded(token["text"]) || token["href"]}</Link>;
    case "html":
      return token["block"] ? <p>{token.raw.trim()}</p> : token.raw;
    case "text":
      return inner();
    default:
      return token.raw;
  }
}

function nodes(tokens: Token[], depth: number): ComponentChildren {
  return tokens.map((token) => node(token, depth));
}

class BoundedLexer extends Lexer {
  private depth = 0;
  private readonly endMs = performance.now() + budgetMs;

  override blockTokens(text: string, tokens: Token[] = [], clipped?: boolean): TokensList {
    const list = tokens as TokensList; // which it is of the whole text; of its parts nobody asks for links
    if (this.depth >= depthMax || performance.now() > this.endMs) {
      list.push({ type: "text", raw: text, text });
      return list;
    }
    ++this.depth;
    try {
      return super.blockTokens(text, list, clipped) as TokensList;
    } finally {
      --this.depth;
    }
  }
  override inlineTokens(text: string, tokens: Token[] = []): Token[] {
    if (text.length > inlineCharsMax || performance.now() > this.endMs) {
      tokens.push({ type: "text", raw: text, text });
      return tokens;
    }
    return super.inlineTokens(text, tokens);
  }
}

function lexed(text: string): Token[] | null {
  if (text.length > textCharsMax) return null;
  try {
    return new BoundedLexer({ gfm: true, breaks: true }).lex(text);
  } catch {
    return null; // the lexer gave up
  }
}

export function Markdown({ text }: { text: string }) {
  return useMemo(() => {
    const tokens = lexed(text);
    return <div class="markdown">{tokens === null ? text : nodes(tokens, 0)}</div>;
  }, [text]);
}
