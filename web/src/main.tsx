// The frame of the page: navigation, state of the server, language and theme; views load when shown.
import { Component, render } from "preact";
import type { ComponentChildren, ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

import { call, describeError } from "./api/http";
import { askServerNow, modelName, serverState, watchServer } from "./api/server_state";
import { apiKey, keyRefusal, openKeyDialog } from "./api/key";
import { chooseLanguage, defineTexts, language, useTexts } from "./i18n";
import { Icon } from "./parts/icon";
import { KeyDialog } from "./parts/key_dialog";
import { route } from "./route";
import type { Route } from "./route";
import { useStore } from "./store";
import { chooseTheme, theme } from "./theme";
import type { Theme } from "./theme";

type View = ComponentType<{ parameter: string; query: URLSearchParams }>;

const views: Record<string, () => Promise<{ default: View }>> = {
  chat: () => import("./views/chat/chat"),
  live: () => import("./views/live/live"),
  requests: () => import("./views/requests/requests"),
  analysis: () => import("./views/analysis/analysis"),
  playground: () => import("./views/playground/playground"),
};

const texts = defineTexts(
  {
    navigation: "Views",
    views: { chat: "Chat", live: "Live", requests: "Requests", analysis: "Analysis", playground: "Playground" } as Record<string, string>,
    skip: "Skip to content",
    language: "中文",
    languageLabel: "切换到中文",
    theme: { system: "Theme: as the system", light: "Theme: light", dark: "Theme: dark" },
    key: "API key",
    keyWanted: "Enter an API key",
    states: { unknown: "connecting…", ready: "ready", loading: "loading the model…", unreachable: "server unreachable" },
    notFound: "There is no such view.",
    loading: "Loading…",
    again: "Try again",
    broken: "This view met something it cannot show:",
    replaced: "The server has another version now.",
    reload: "Reload the page",
  },
  {
    navigation: "视图",
    views: { chat: "聊天", live: "实时", requests: "请求", analysis: "分析", playground: "任务试验" } as Record<string, string>,
    skip: "跳到正文",
    language: "English",
    languageLabel: "Switch to English",
    theme: { system: "主题：跟随系统", light: "主题：浅色", dark: "主题：深色" },
    key: "API 密钥",
    keyWanted: "输入 API 密钥",
    states: { unknown: "正在连接…", ready: "就绪", loading: "正在加载模型…", unreachable: "无法连接服务器" },
    notFound: "没有这个视图。",
    loading: "加载中…",
    again: "重试",
    broken: "这个视图遇到了无法显示的内容：",
    replaced: "服务器已换成另一个版本。",
    reload: "重新加载页面",
  },
);

const nextTheme: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const themeSigns: Record<Theme, string> = { system: "◐", light: "☀", dark: "☾" };

/** There once the server wants a key or has been given one. */
function KeyButton() {
  const words = useTexts(texts);
  const wanted = useStore(keyRefusal) !== null;
  if (useStore(apiKey) === null && !wanted) return null;
  const name = wanted ? words.keyWanted : words.key;
  return (
    <button class={wanted ? "plain warn" : "plain"} aria-haspopup="dialog" aria-label={name} title={name} onClick={openKeyDialog}>
      <Icon name="key" /></button>
  );
}

function Header({ view }: { view: string }) {
  const words = useTexts(texts);
  const shownTheme = useStore(theme);
  const state = useStore(serverState);
  const model = useStore(modelName);
  return (
    <header class="top">
      <a class="skip" href="#main" onClick={(event) => {
        event.preventDefault();
        document.getElementById("main")?.focus();
      }}>{words.skip}</a>
      <a class="brand" href="#/chat">Qwen All-in-One</a>
      <nav aria-label={words.navigation}>
        {Object.keys(views).map((name) => (
          <a key={name} href={`#/${name}`} aria-current={name === view ? "page" : undefined}>{words.views[name]}</a>
        ))}
      </nav>
      <span class={`state ${state}`} role="status">
        {state === "ready" && model !== "" ? model : words.states[state]}
      </span>
      <KeyButton />
      <button class="plain" lang={language.get() === "zh" ? "en" : "zh-CN"} aria-label={words.languageLabel}
        onClick={() => chooseLanguage(language.get() === "zh" ? "en" : "zh")}>{words.language}</button>
      <button class="plain" aria-label={words.theme[shownTheme]} title={words.theme[shownTheme]}
        onClick={() => chooseTheme(nextTheme[shownTheme])}>{themeSigns[shownTheme]}</button>
    </header>
  );
}

/** A view that fails while it is drawn leaves the frame and the other views alone. */
class Guard extends Component<{ at: Route; children?: ComponentChildren }, { error: unknown }> {
  override state = { error: null as unknown };

  override componentDidUpdate({ at }: { at: Route }) {
    if (at !== this.props.at && this.state.error !== null) this.setState({ error: null });
  }

  static override getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    return this.state.error === null ? this.props.children : <Broken error={this.state.error} />;
  }
}

function Broken({ error }: { error: unknown }) {
  const words = useTexts(texts);
  return (
    <p class="notice" role="alert">{words.broken} {describeError(error)}{" "}
      <button onClick={() => location.reload()}>{words.reload}</button></p>
  );
}

/** Why a view's code did not come: the server is away, or another version that has no such file. */
async function loadingError(): Promise<unknown> {
  askServerNow();
  try {
    await call("/health/live");
    return null;
  } catch (error) {
    return error;
  }
}

function Main() {
  const words = useTexts(texts);
  const shown = useStore(route);
  const [loaded, setLoaded] = useState<{ name: string; view: View | null; error: unknown }>();
  const [tries, setTries] = useState(0);
  const load = Object.hasOwn(views, shown.view) ? views[shown.view] : undefined;
  useEffect(() => {
    let wanted = true;
    const take = (view: View | null, error: unknown) => {
      if (wanted) setLoaded({ name: shown.view, view, error });
    };
    load?.().then((module) => take(module.default, null), async () => take(null, await loadingError()));
    return () => {
      wanted = false;
    };
  }, [shown.view, tries]);
  useEffect(() => {
    document.title = `${words.views[shown.view] ?? ""} · Qwen All-in-One`;
  }, [shown.view, words]);
  let content;
  if (load === undefined) content = <p class="notice">{words.notFound}</p>;
  else if (loaded?.name !== shown.view) content = <p class="notice">{words.loading}</p>;
  else if (loaded.view === null) {
    const replaced = loaded.error === null;
    content = (
      <p class="notice" role="alert">{replaced ? words.replaced : describeError(loaded.error)}{" "}
        {replaced ? <button onClick={() => location.reload()}>{words.reload}</button>
          : <button onClick={() => setTries(tries + 1)}>{words.again}</button>}</p>
    );
  } else {
    content = (
      <Guard key={shown.view} at={shown}><loaded.view parameter={shown.parameter} query={shown.query} /></Guard>
    );
  }
  return (
    <>
      <Header view={shown.view} />
      <main id="main" tabIndex={-1} class={`view-${shown.view}`}>{content}</main>
      <KeyDialog />
    </>
  );
}

watchServer();
render(<Main />, document.getElementById("app")!);
