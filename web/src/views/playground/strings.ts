import { defineTexts } from "../../i18n";
import type { Draft } from "./definition";

const noQuestion = { question: "", options: "", levels: "" };
const intent: Draft = {
  task: {
    kind: "classify", name: "intent", system: "You sort messages to a shop. Answer with one label only.", user: "{input}",
    labels: "order\ncomplaint\nquestion", max_new_tokens: 60, temperature: null, ...noQuestion,
  },
  texts: "Where is my parcel?\nI would like two boxes of green tea.\nThe cup was broken when it arrived.",
};
const mood: Draft = {
  task: {
    kind: "classify", name: "mood", system: "Tell the mood of the text. Answer with one word only.", user: "{input}",
    labels: "positive\nnegative", max_new_tokens: 60, temperature: null, ...noQuestion,
  },
  texts: "I got the job today!\nMy train was late again and nobody said sorry.",
};
const reply: Draft = {
  task: {
    kind: "generate", name: "comfort", system: "You answer kindly, in one sentence.", user: "{input}", labels: "",
    max_new_tokens: 60, temperature: 0.2, ...noQuestion,
  },
  texts: "I failed my exam.\nMy cat is ill.\nI am tired of everything today.",
};
const anger: Draft = {
  task: {
    kind: "score", name: "anger", system: "", user: "{input}", labels: "", max_new_tokens: 60, temperature: null,
    question: "How angry is the writer?", options: "", levels: "calm\nannoyed\nfurious",
  },
  texts: "Thank you, it came on time.\nThis is the third time that I write to you!\nWhere do I find the manual?",
};
const intentZh: Draft = {
  task: {
    kind: "classify", name: "intent", system: "你负责给网店留言分类，只回答一个标签。", user: "{input}",
    labels: "下单\n投诉\n咨询", max_new_tokens: 60, temperature: null, ...noQuestion,
  },
  texts: "我的包裹到哪儿了？\n我要两盒绿茶。\n杯子收到时就是碎的。",
};
const moodZh: Draft = {
  task: {
    kind: "classify", name: "mood", system: "判断这句话的情感，只回答“正面”或“负面”。", user: "{input}",
    labels: "正面\n负面", max_new_tokens: 60, temperature: null, ...noQuestion,
  },
  texts: "今天被领导表扬了，心情超好！\n排队两小时还卖完了，气死我了",
};
const replyZh: Draft = {
  task: {
    kind: "generate", name: "comfort", system: "请用一句话温和地回答。", user: "{input}", labels: "", max_new_tokens: 60, temperature: 0.2,
    ...noQuestion,
  },
  texts: "我考试没考好。\n我的猫生病了。\n今天好累。",
};
const angerZh: Draft = {
  task: {
    kind: "score", name: "anger", system: "", user: "{input}", labels: "", max_new_tokens: 60, temperature: null,
    question: "写这句话的人有多生气？", options: "", levels: "平静\n不满\n愤怒",
  },
  texts: "谢谢，准时收到了。\n这是我第三次给你们留言了！\n说明书在哪里？",
};

export const texts = defineTexts(
  {
    heading: "Playground for tasks",
    intro: "A task is a prompt with a kind. Write one, try it on several texts, and take it with you.",
    examples: "Begin with:",
    presets: [["Sorting messages", intent], ["Mood", mood], ["Short replies", reply], ["A scale", anger]] as [string, Draft][],
    backToOwn: "Back to my own",
    task: "Task",
    kind: "Kind",
    kinds: { classify: "pick a label", generate: "write a text", choice: "choice", score: "scale", yes_no: "yes or no" },
    name: "Name",
    nameHint: "What requests to /v1/tasks/NAME will call it.",
    system: "System prompt",
    user: "User message",
    userHint: "{input} stands for the text.",
    labels: "Labels, one per line",
    question: "Question about the text",
    options: "Options, one per line",
    optionsHint: "Behind a colon and a space may stand what an option means.",
    levels: "Levels, one per line, the lowest first",
    mean: (mean: string, highest: number) => `mean ${mean} of 0 to ${highest}`,
    length: "Greatest length (tokens)",
    temperature: "Temperature",
    modelsOwn: "the model's",
    texts: "Texts, one per line",
    textsHint: (count: number) => (count === 1 ? "1 text" : `${count} texts`),
    tooMany: (most: number) => `Only the first ${most} are run.`,
    run: "Run",
    cancel: "Cancel",
    progress: (done: number, all: number) => `${done} of ${all} done`,
    results: "Results",
    nothingYet: "Results appear here.",
    states: { waiting: "waiting", running: "running…", cancelled: "cancelled" } as Record<string, string>,
    more: (count: number) => `and ${count} more labels`,
    summary: (texts: string, median: string, prompt: string, cached: string) =>
      `${texts} · median ${median} on the server · ${prompt} prompt tokens, ${cached} of them cached`,
    tokens: (prompt: string, cached: string, completion: string) =>
      `${prompt} prompt tokens, ${cached} cached${completion === "0" ? "" : `, ${completion} generated`}`,
    details: "where the time went",
    lengthReached: "cut at the greatest length",
    faults: {
      name: "The name needs 1 to 64 characters from a-z, 0-9, “_” and “-”.",
      user: "The user message needs {input} exactly once.",
      labels_few: "At least two labels are needed.",
      labels_many: "At most 64 labels are possible.",
      labels_same: "Two labels are the same.",
      question: "A question is needed.",
      options_few: "At least two options are needed.",
      options_many: "At most 255 options are possible.",
      options_same: "Two options are the same.",
      levels: "A scale has 2 to 10 levels.",
      max_new_tokens: "The greatest length is a whole number of at least 1.",
      temperature: "The temperature goes from 0 to 10.",
    },
    export: "Take it with you",
    forms: { toml: "TOML", curl: "curl", python: "Python", javascript: "JavaScript" },
    formHints: {
      toml: "Put this into a file and start qaio serve --config FILE: the task is then at /v1/tasks/ and its name.",
      curl: "Runs the task once, on the first text.",
      python: "Needs nothing but Python 3.",
      javascript: "For Node.js 18 and later. Save it as a file that ends in .mjs.",
    },
  },
  {
    heading: "任务试验",
    intro: "任务就是带类型的提示词。写一个任务，在多条文本上试一试，再把它带走。",
    examples: "从示例开始：",
    presets: [["留言分类", intentZh], ["情感", moodZh], ["简短回复", replyZh], ["打分", angerZh]] as [string, Draft][],
    backToOwn: "恢复我的内容",
    task: "任务",
    kind: "类型",
    kinds: { classify: "选择标签", generate: "生成文本", choice: "单选", score: "打分", yes_no: "是或否" },
    name: "名称",
    nameHint: "请求 /v1/tasks/名称 时使用。",
    system: "系统提示词",
    user: "用户消息",
    userHint: "{input} 代表要处理的文本。",
    labels: "标签，每行一个",
    question: "关于文本的问题",
    options: "选项，每行一个",
    optionsHint: "英文冒号加空格之后可以写选项的含义。",
    levels: "等级，每行一个，从低到高",
    mean: (mean: string, highest: number) => `平均 ${mean}（0 到 ${highest}）`,
    length: "最大长度（词元）",
    temperature: "温度",
    modelsOwn: "模型默认值",
    texts: "文本，每行一条",
    textsHint: (count: number) => `共 ${count} 条`,
    tooMany: (most: number) => `只运行前 ${most} 条。`,
    run: "运行",
    cancel: "取消",
    progress: (done: number, all: number) => `已完成 ${done}/${all}`,
    results: "结果",
    nothingYet: "结果会显示在这里。",
    states: { waiting: "等待中", running: "运行中…", cancelled: "已取消" } as Record<string, string>,
    more: (count: number) => `另有 ${count} 个标签`,
    summary: (texts: string, median: string, prompt: string, cached: string) =>
      `${texts} · 服务器用时中位数 ${median} · 提示词 ${prompt} 词元，其中缓存 ${cached}`,
    tokens: (prompt: string, cached: string, completion: string) =>
      `提示词 ${prompt} 词元，缓存 ${cached}${completion === "0" ? "" : `，生成 ${completion}`}`,
    details: "时间用在了哪里",
    lengthReached: "已达最大长度",
    faults: {
      name: "名称须为 1 到 64 个字符，只能用 a-z、0-9、“_”和“-”。",
      user: "用户消息中必须恰好有一个 {input}。",
      labels_few: "至少需要两个标签。",
      labels_many: "最多 64 个标签。",
      labels_same: "有两个标签相同。",
      question: "需要写一个问题。",
      options_few: "至少需要两个选项。",
      options_many: "最多 255 个选项。",
      options_same: "有两个选项相同。",
      levels: "等级应为 2 到 10 个。",
      max_new_tokens: "最大长度应为不小于 1 的整数。",
      temperature: "温度取值范围 0 到 10。",
    },
    export: "带走这个任务",
    forms: { toml: "TOML", curl: "curl", python: "Python", javascript: "JavaScript" },
    formHints: {
      toml: "存为文件，用 qaio serve --config 文件名 启动，之后即可通过 /v1/tasks/名称 使用。",
      curl: "在第一条文本上运行一次。",
      python: "只需 Python 3，无其他依赖。",
      javascript: "适用于 Node.js 18 及以上版本，请存为 .mjs 文件。",
    },
  },
);
