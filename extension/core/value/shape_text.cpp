// See shape_text.h. One loop serves arrays, ranges and rows: they quote and escape alike.
#include "core/value/shape_text.h"

#include <algorithm>

#include "core/value/text_scan.h"

namespace cpi::value {

namespace {

struct Piece {
  std::string text;
  bool quoted = false;  ///< or escaped, in part at least
};

/// Cuts at every character of `delimiters` that is neither quoted nor escaped.
std::vector<Piece> cut(std::string_view text, std::string_view delimiters) {
  std::vector<Piece> pieces(1);
  bool in_quotes = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    Piece& piece = pieces.back();
    if (c == '\\' && i + 1 < text.size()) {
      piece.text += text[++i];
      piece.quoted = true;
    } else if (c == '"') {
      // Two of them within quotes are one of the value.
      if (in_quotes && i + 1 < text.size() && text[i + 1] == '"') {
        piece.text += text[++i];
      } else {
        in_quotes = !in_quotes;
        piece.quoted = true;
      }
    } else if (!in_quotes && delimiters.find(c) != std::string_view::npos) {
      pieces.emplace_back();
    } else {
      piece.text += c;
    }
  }
  return pieces;
}

/// What stands in the brackets of `{[1,2),[3,4)}`, each with them.
std::vector<std::string> cut_ranges(std::string_view text) {
  std::vector<std::string> ranges;
  std::size_t begin = std::string_view::npos;
  bool in_quotes = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\') {
      ++i;
    } else if (c == '"') {
      in_quotes = !in_quotes;
    } else if (!in_quotes && (c == '[' || c == '(')) {
      begin = i;
    } else if (!in_quotes && (c == ']' || c == ')') && begin != std::string_view::npos) {
      ranges.emplace_back(text.substr(begin, i + 1 - begin));
      begin = std::string_view::npos;
    }
  }
  return ranges;
}

/// `text` between an opening and a closing bracket of these; nothing when they are not there.
std::string_view between(std::string_view text, std::string_view opening, std::string_view closing) {
  if (text.size() < 2 || opening.find(text.front()) == std::string_view::npos) return {};
  return closing.find(text.back()) == std::string_view::npos ? std::string_view() : text.substr(1, text.size() - 2);
}

}  // namespace

std::vector<Part> parts_of(const Shape& shape, std::string_view text) {
  std::vector<Part> parts;
  text = trim(text);
  const auto add = [&](std::size_t index, const Piece& piece) {
    if (index >= shape.parts.size() || (!piece.quoted && trim(piece.text).empty())) return;
    parts.push_back({shape.parts[index].get(), piece.text});
  };
  switch (shape.kind) {
    case Shape::Kind::kPlain: break;
    case Shape::Kind::kArray: {
      // Bounds such as [2:3]= may stand before the braces.
      if (text.starts_with('[')) text.remove_prefix(std::min(text.find('{'), text.size()));
      const char delimiters[] = {'{', '}', shape.delimiter};
      for (const Piece& piece : cut(between(text, "{", "}"), {delimiters, sizeof delimiters})) {
        if (piece.quoted || !is_word(trim(piece.text), "null")) add(0, piece);
      }
      break;
    }
    case Shape::Kind::kRange:
      for (const Piece& piece : cut(between(text, "[(", "])"), ",")) add(0, piece);
      break;
    case Shape::Kind::kMultirange:
      for (std::string& range : cut_ranges(between(text, "{", "}"))) add(0, {std::move(range)});
      break;
    case Shape::Kind::kRow: {
      const std::vector<Piece> fields = cut(between(text, "(", ")"), ",");
      for (std::size_t i = 0; i < fields.size(); ++i) add(i, fields[i]);
      break;
    }
  }
  return parts;
}

}  // namespace cpi::value
