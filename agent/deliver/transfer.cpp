#include "deliver/transfer.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <string_view>

#include "deliver/signature.h"
#include "net/address.h"

namespace cpi::deliver {

namespace {

constexpr std::size_t kMostBody = 4096;          // enough for n8n's words and for people
constexpr std::size_t kMostHeaders = 64 * 1024;  // a receiver that sends headers without end is cut off

/// Every option is checked: one that libcurl ignores would be a rule that does not hold.
template <typename Value>
void set(CURL* handle, CURLoption option, Value value, const char* name) {
  const CURLcode code = curl_easy_setopt(handle, option, value);
  if (code != CURLE_OK) throw std::runtime_error(std::string("cannot set ") + name + ": " + curl_easy_strerror(code));
}
#define CPI_SET(option, value) set(handle_.get(), option, value, #option)

/// Path and query as they stand in the URL; libcurl's own reading would change what it thinks equal.
std::string target_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  std::string_view rest = scheme == std::string_view::npos ? url : url.substr(scheme + 3);
  rest = rest.substr(0, rest.find('#'));
  const std::size_t begin = rest.find_first_of("/?");
  if (begin == std::string_view::npos) return "/";
  rest.remove_prefix(begin);
  return (rest.front() == '?' ? "/" : "") + std::string(rest);
}

std::string host_of(std::string_view url) {
  const std::string shown = shown_url(url);
  const std::size_t scheme = shown.find("://");
  std::string host = scheme == std::string::npos ? shown : shown.substr(scheme + 3);
  host.resize(std::min(host.find('/'), host.size()));
  const std::size_t colon = host.rfind(':');
  if (colon != std::string::npos && host.find(']', colon) == std::string::npos) host.resize(colon);
  return host;
}

}  // namespace

void set_up_curl() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) throw std::runtime_error("cannot set up libcurl");
  });
}

Transfer::Transfer(store::Delivery delivery, const std::vector<std::string>& secrets, const net::EgressPolicy& egress,
                   std::chrono::milliseconds timeout, std::int64_t signed_at)
    : delivery_(std::move(delivery)),
      egress_(egress),
      target_(target_of(delivery_.url)),
      host_(host_of(delivery_.url)),
      handle_(curl_easy_init()) {
  if (!handle_) throw std::bad_alloc();
  add_header("Content-Type: application/json");
  add_header("Expect:");  // no question beforehand: the body is small
  add_header("webhook-id: " + delivery_.id);
  add_header("webhook-timestamp: " + std::to_string(signed_at));
  if (!secrets.empty()) {
    const Result<std::string> signed_with = signature(secrets, delivery_.id, signed_at, delivery_.body);
    if (!signed_with) throw std::runtime_error(signed_with.error().message);
    add_header("webhook-signature: " + *signed_with);
  }
  set_options(timeout);
}

void Transfer::add_header(const std::string& line) {
  curl_slist* longer = curl_slist_append(headers_.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  static_cast<void>(headers_.release());  // the longer list owns it
  headers_.reset(longer);
}

void Transfer::set_options(std::chrono::milliseconds timeout) {
  constexpr std::chrono::milliseconds kMostConnecting{10000};
  CPI_SET(CURLOPT_ERRORBUFFER, error_.data());
  CPI_SET(CURLOPT_URL, delivery_.url.c_str());
  CPI_SET(CURLOPT_REQUEST_TARGET, target_.c_str());
  CPI_SET(CURLOPT_PATH_AS_IS, 1L);
  CPI_SET(CURLOPT_PROTOCOLS_STR, "http,https");
  CPI_SET(CURLOPT_FOLLOWLOCATION, 0L);
  CPI_SET(CURLOPT_PROXY, "");  // whatever http_proxy says
  CPI_SET(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  CPI_SET(CURLOPT_POST, 1L);
  CPI_SET(CURLOPT_POSTFIELDS, delivery_.body.c_str());
  CPI_SET(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(delivery_.body.size()));
  CPI_SET(CURLOPT_HTTPHEADER, headers_.get());
  CPI_SET(CURLOPT_USERAGENT, "cpi/" CPI_VERSION);
  CPI_SET(CURLOPT_NOSIGNAL, 1L);
  // A look-up that hangs is left to itself: waiting for its thread would hold up every other transfer.
  CPI_SET(CURLOPT_QUICK_EXIT, 1L);
  CPI_SET(CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
  CPI_SET(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(timeout, kMostConnecting).count()));
  CPI_SET(CURLOPT_OPENSOCKETFUNCTION, &Transfer::open_socket);
  CPI_SET(CURLOPT_OPENSOCKETDATA, this);
  CPI_SET(CURLOPT_WRITEFUNCTION, &Transfer::keep_body);
  CPI_SET(CURLOPT_WRITEDATA, this);
  CPI_SET(CURLOPT_HEADERFUNCTION, &Transfer::count_header);
  CPI_SET(CURLOPT_HEADERDATA, this);
  CPI_SET(CURLOPT_PRIVATE, this);
}

std::size_t Transfer::keep_body(char* data, std::size_t size, std::size_t count, void* transfer) noexcept {
  auto& body = static_cast<Transfer*>(transfer)->body_;
  const std::size_t room = kMostBody - body.size();
  try {
    body.append(data, std::min(room, size * count));
  } catch (const std::bad_alloc&) {
    return 0;
  }
  return size * count <= room ? size * count : 0;  // 0 ends the transfer: what is needed is known
}

std::size_t Transfer::count_header(char*, std::size_t size, std::size_t count, void* transfer) noexcept {
  std::size_t& total = static_cast<Transfer*>(transfer)->header_bytes_;
  total += size * count;
  return total <= kMostHeaders ? size * count : 0;
}

curl_socket_t Transfer::open_socket(void* data, curlsocktype, curl_sockaddr* address) noexcept {
  auto& transfer = *static_cast<Transfer*>(data);
  try {
    const std::optional<net::Address> judged = net::Address::from(&address->addr, address->addrlen);
    if (!judged) return CURL_SOCKET_BAD;
    if (std::optional<Error> refusal = transfer.egress_.refusal(transfer.host_, *judged)) {
      transfer.refusal_ = std::move(refusal);
      return CURL_SOCKET_BAD;
    }
  } catch (const std::exception&) {
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

Answer Transfer::answer(CURLcode code) const {
  Answer answer;
  long status = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
  answer.status = static_cast<int>(status);
  answer.body = body_;
  curl_off_t retry_after = 0;
  if (curl_easy_getinfo(handle_.get(), CURLINFO_RETRY_AFTER, &retry_after) == CURLE_OK && retry_after > 0)
    answer.retry_after_seconds = retry_after;
  if (code == CURLE_OK) return answer;
  answer.hopeless = code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL;
  if (refusal_ && code == CURLE_COULDNT_CONNECT) {
    answer.failure = refusal_->message + " (" + refusal_->hint + ")";
  } else {
    answer.failure = error_[0] != '\0' ? error_.data() : curl_easy_strerror(code);
  }
  return answer;
}

}  // namespace cpi::deliver
