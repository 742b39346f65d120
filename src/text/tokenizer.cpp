#include "text/tokenizer.h"

#include <algorithm>

#include "base/utf8.h"
#include "text/normalize.h"
#include "text/tokenizer_impl.h"

namespace qaio {
namespace {

// Calls on_text(part) and on_token(id) for what lies between added tokens and for these, in order.
template <typename OnText, typename OnToken>
void split_added(std::string_view text, const AddedTokenMatcher& matcher, const OnText& on_text,
                 const OnToken& on_token) {
  size_t pos = 0;
  while (!matcher.empty() && pos < text.size()) {
    const auto match = matcher.find(text, pos);
    if (!match) break;
    if (match->begin > pos) on_text(text.substr(pos, match->begin - pos));
    on_token(match->id);
    pos = match->end;
  }
  if (pos < text.size()) on_text(text.substr(pos));
}

}  // namespace

// The steps of one encode() call, outermost first.
class Tokenizer::Encoder {
 public:
  Encoder(const Impl& impl, const AddedTokenSet& added, size_t ids_max)
      : impl_(impl), added_(added), ids_max_(ids_max), merger_(impl.merges, impl.byte_ids) {}

  std::vector<TokenId> run(std::string_view text) {
    // Chinese and English give about 4 bytes a token.
    ids_.reserve(std::min(text.size() / 3, ids_max_) + 8);
    split_added(
        text, added_.raw, [this](std::string_view part) { encode_any(part); },
        [this](TokenId id) { ids_.push_back(id); });
    return std::move(ids_);
  }

 private:
  // Any bytes: runs of valid UTF-8, and single bytes between them.
  void encode_any(std::string_view text) {
    while (!text.empty() && !enough()) {
      const size_t valid = valid_utf8_prefix(text);
      if (valid > 0) encode_valid(text.substr(0, valid));
      text.remove_prefix(valid);
      if (text.empty()) break;
      ids_.push_back(impl_.byte_ids[static_cast<uint8_t>(text[0])]);
      text.remove_prefix(1);
    }
  }

  void encode_valid(std::string_view text) {
    if (impl_.nfc) text = to_nfc(text, &normalized_);
    split_added(
        text, added_.normalized, [this](std::string_view part) { encode_normal(part); },
        [this](TokenId id) { ids_.push_back(id); });
  }

  void encode_normal(std::string_view text) {
    if (enough()) return;
    SplitPattern::Pieces pieces(impl_.split, text);
    for (auto piece = pieces.next(); !piece.empty() && !enough(); piece = pieces.next()) {
      encode_piece(piece);
    }
  }

  void encode_piece(std::string_view piece) {
    if (impl_.whole_pieces) {
      const auto spelling_of = [this](TokenId id) { return impl_.token_bytes(id); };
      if (const auto id = impl_.whole_pieces->lookup(piece, spelling_of)) {
        ids_.push_back(*id);
        return;
      }
    }
    merger_.encode(piece, &ids_);
  }

  bool enough() const { return ids_.size() > ids_max_; }

  const Impl& impl_;
  const AddedTokenSet& added_;
  const size_t ids_max_;
  BpeMerger merger_;
  std::string normalized_;
  std::vector<TokenId> ids_;
};

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::~Tokenizer() = default;

std::vector<TokenId> Tokenizer::encode(std::string_view text, size_t ids_max) const {
  return Encoder(*impl_, impl_->plain_added, ids_max).run(text);
}

std::vector<TokenId> Tokenizer::encode_with_special(std::string_view text, size_t ids_max) const {
  return Encoder(*impl_, impl_->all_added, ids_max).run(text);
}

std::vector<Tokenizer::Span> Tokenizer::spans(const MarkedText& rendered) const {
  const std::string_view text = rendered.text;
  std::vector<Span> out;
  size_t begin = 0;  // of the text that has no token yet
  size_t from = 0;   // where the next token may begin
  while (const auto match = impl_->all_added.raw.find(text, from)) {
    if (!rendered.is_template(match->begin, match->end)) {
      from = match->begin + 1;
      continue;
    }
    if (match->begin > begin) out.push_back({text.substr(begin, match->begin - begin), {}});
    out.push_back({text.substr(match->begin, match->end - match->begin), match->id});
    begin = from = match->end;
  }
  if (begin < text.size()) out.push_back({text.substr(begin), {}});
  return out;
}

std::span<const std::string> Tokenizer::corrections() const { return impl_->corrections; }

std::optional<TokenId> Tokenizer::special(std::string_view content) const {
  if (const auto id = impl_->all_added.raw.lookup(content)) return id;
  return impl_->all_added.normalized.lookup(content);
}

std::string Tokenizer::decode(std::span<const TokenId> ids, bool skip_special) const {
  std::string out;
  out.reserve(ids.size() * 4);
  for (const TokenId id : ids) {
    if (!skip_special || !is_special(id)) out.append(token_bytes(id));
  }
  return out;
}

std::string_view Tokenizer::token_bytes(TokenId id) const { return impl_->token_bytes(id); }

bool Tokenizer::is_special(TokenId id) const {
  return id >= 0 && id < size() && impl_->special[static_cast<size_t>(id)];
}

TokenId Tokenizer::size() const { return static_cast<TokenId>(impl_->special.size()); }

}  // namespace qaio
