#include "load/words.h"

#include <array>

namespace qaio {
namespace {

constexpr std::array<std::string_view, 256> kWords = {
    "about",   "after",  "again",     "age",      "ago",      "air",      "all",     "alone",
    "always",  "among",  "another",   "answer",   "anyone",   "area",     "arm",     "around",
    "arrive",  "art",    "ask",       "away",     "baby",     "back",     "bag",     "ball",
    "bank",    "bear",   "beautiful", "because",  "bed",      "before",   "begin",   "believe",
    "best",    "better", "between",   "big",      "black",    "blood",    "board",   "body",
    "book",    "both",   "boy",       "bread",    "break",    "bridge",   "bright",  "bring",
    "brother", "brown",  "build",     "burn",     "bus",      "business", "buy",     "call",
    "camp",    "car",    "card",      "care",     "carry",    "case",     "cat",     "cause",
    "change",  "check",  "circle",    "city",     "class",    "clean",    "clear",   "climb",
    "cloud",   "coast",  "coat",      "coffee",   "cold",     "color",    "come",    "cook",
    "cost",    "count",  "cover",     "cow",      "cross",    "cry",      "cup",     "cut",
    "dance",   "day",    "deal",      "dear",     "decide",   "deep",     "desk",    "dinner",
    "doctor",  "dog",    "door",      "down",     "draw",     "dream",    "drink",   "drop",
    "each",    "ear",    "early",     "earth",    "east",     "easy",     "eat",     "edge",
    "egg",     "eight",  "end",       "enter",    "even",     "evening",  "every",   "face",
    "fact",    "fall",   "family",    "fast",     "feel",     "fight",    "film",    "find",
    "fine",    "finger", "finish",    "first",    "fish",     "five",     "floor",   "flower",
    "follow",  "food",   "free",      "fresh",    "friend",   "full",     "game",    "gate",
    "gift",    "girl",   "give",      "glass",    "gold",     "good",     "grass",   "great",
    "green",   "group",  "grow",      "hair",     "half",     "hand",     "happy",   "hard",
    "hat",     "head",   "hear",      "heart",    "help",     "high",     "home",    "hope",
    "hot",     "hour",   "idea",      "job",      "keep",     "key",      "kind",    "know",
    "lady",    "land",   "large",     "last",     "late",     "laugh",    "lead",    "learn",
    "left",    "letter", "life",      "light",    "line",     "lion",     "listen",  "little",
    "live",    "long",   "look",      "love",     "lunch",    "machine",  "make",    "man",
    "map",     "matter", "meat",      "middle",   "mountain", "mouth",    "note",    "ocean",
    "paint",   "paper",  "past",      "path",     "piece",    "plant",    "queen",   "reach",
    "ride",    "ring",   "road",      "rock",     "round",    "rule",     "science", "season",
    "seat",    "seed",   "ship",      "shoulder", "size",     "skin",     "smell",   "smoke",
    "south",   "speak",  "special",   "square",   "star",     "stone",    "strong",  "student",
    "study",   "teach",  "tooth",     "town",     "tree",     "true",     "village", "visit",
    "war",     "wash",   "west",      "wheel",    "wind",     "wood",     "world",   "yes"};

}  // namespace

std::span<const std::string_view> common_words() { return kWords; }

}  // namespace qaio
