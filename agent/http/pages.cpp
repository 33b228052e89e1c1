#include "http/pages.h"

#include <string>

#include "core/embed.h"

namespace cpi::http {

CPI_EMBED(root_html, "agent/http/pages/root.html")
CPI_EMBED(docs_html, "agent/http/pages/docs.html")
CPI_EMBED(docs_init_js, "agent/http/pages/docs-init.js")
CPI_EMBED_FILE(swagger_js, CPI_SWAGGER_UI "/swagger-ui-bundle.js")
CPI_EMBED_FILE(swagger_css, CPI_SWAGGER_UI "/swagger-ui.css")
CPI_EMBED_FILE(favicon_png, CPI_SWAGGER_UI "/favicon-32x32.png")

namespace {

/// Swagger UI writes style attributes and draws with data: images; scripts come from files only.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src "
    "'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

Response page(std::string_view content, const char* content_type) {
  Response response;
  response.asset = content;
  response.content_type = content_type;
  response.set("Content-Security-Policy", kPolicy);
  response.set("Referrer-Policy", "no-referrer");
  return response;
}

constexpr const char* kHtml = "text/html; charset=utf-8";

}  // namespace

Response root_page(std::string_view accept) {
  if (accept.find("text/html") != std::string_view::npos) {
    Response response = page(root_html(), kHtml);
    response.set("Vary", "Accept");
    return response;
  }
  Response response;
  response.body = R"({"name": "cpi", "version": ")" CPI_VERSION R"(", "docs": "/docs", "health": "/health"})";
  response.set("Vary", "Accept");
  return response;
}

Response docs_page() { return page(docs_html(), kHtml); }

std::optional<Response> docs_asset(std::string_view name) {
  const auto cached = [](std::string_view content, const char* content_type) {
    Response response = page(content, content_type);
    response.set("Cache-Control", "max-age=3600");
    return response;
  };
  if (name == "swagger-ui-bundle.js") return cached(swagger_js(), "text/javascript; charset=utf-8");
  if (name == "swagger-ui.css") return cached(swagger_css(), "text/css; charset=utf-8");
  if (name == "init.js") return cached(docs_init_js(), "text/javascript; charset=utf-8");
  if (name == "favicon.png") return cached(favicon_png(), "image/png");
  return std::nullopt;
}

}  // namespace cpi::http
