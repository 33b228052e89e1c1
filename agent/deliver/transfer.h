// One try at one webhook: an HTTP POST as a libcurl easy handle, to be driven by the multi handle of deliver/deliverer.
// The URL's path and query go out byte for byte, no redirect is followed, no proxy is used, and every address that is
// connected to is put before the rules for outgoing connections first.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "deliver/outcome.h"
#include "net/egress.h"
#include "store/deliveries.h"

namespace cpi::deliver {

/// Sets up libcurl for the whole process; call it before there are threads. Once is enough, more do no harm.
void set_up_curl();

/// Owns handle, headers and what is received. Neither copied nor moved: libcurl keeps its address.
class Transfer {
 public:
  /// `egress` must outlive it. `signed_at` is the Unix time of webhook-timestamp. Throws std::runtime_error when
  /// libcurl refuses an option; a URL that it cannot use is told by `answer`.
  Transfer(store::Delivery delivery, const std::vector<std::string>& secrets, const net::EgressPolicy& egress,
           std::chrono::milliseconds timeout, std::int64_t signed_at);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  CURL* handle() const { return handle_.get(); }
  const store::Delivery& delivery() const { return delivery_; }

  /// What came of it, once libcurl has ended it with `code`.
  Answer answer(CURLcode code) const;

 private:
  struct Cleanup {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  };
  struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  static std::size_t keep_body(char* data, std::size_t size, std::size_t count, void* transfer) noexcept;
  static std::size_t count_header(char* data, std::size_t size, std::size_t count, void* transfer) noexcept;
  static curl_socket_t open_socket(void* transfer, curlsocktype purpose, curl_sockaddr* address) noexcept;
  void add_header(const std::string& line);
  void set_options(std::chrono::milliseconds timeout);

  store::Delivery delivery_;
  const net::EgressPolicy& egress_;
  std::string target_;  ///< the request's target: path and query of the URL
  std::string host_;    ///< for the rules' messages
  std::string body_;
  std::size_t header_bytes_ = 0;
  std::optional<Error> refusal_;
  std::array<char, CURL_ERROR_SIZE> error_{};
  std::unique_ptr<curl_slist, FreeList> headers_;
  std::unique_ptr<CURL, Cleanup> handle_;
};

}  // namespace cpi::deliver
