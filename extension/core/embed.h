// A file inside the program, without a generated source: the assembler reads it (.incbin).
#pragma once

#include <string_view>

/// Defines `std::string_view name()` in the current namespace, holding the bytes of `path` (below the repository's
/// root). Make does not see the dependency: list the file in the Makefile.
#define CPI_EMBED(name, path) CPI_EMBED_FILE(name, CPI_SOURCE_DIR "/" path)

/// The same with a whole path, for what the build fetched.
#define CPI_EMBED_FILE(name, path)                                                                                  \
  __asm__(                                                                                                          \
      ".pushsection .rodata\n"                                                                                      \
      ".balign 16\n"                                                                                                \
      "cpi_embed_" #name                                                                                            \
      "_begin:\n"                                                                                                   \
      ".incbin \"" path                                                                                             \
      "\"\n"                                                                                                        \
      "cpi_embed_" #name                                                                                            \
      "_end:\n"                                                                                                     \
      ".byte 0\n"                                                                                                   \
      ".popsection\n");                                                                                             \
  extern "C" const char cpi_embed_##name##_begin[] __attribute__((visibility("hidden")));                           \
  extern "C" const char cpi_embed_##name##_end[] __attribute__((visibility("hidden")));                             \
  std::string_view name() {                                                                                         \
    return {cpi_embed_##name##_begin, static_cast<std::size_t>(cpi_embed_##name##_end - cpi_embed_##name##_begin)}; \
  }
