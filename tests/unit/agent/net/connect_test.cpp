// Names become connected sockets, under the rules; real sockets of this machine, and resolvers that change their mind.
#include "net/connect.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <memory>
#include <thread>

namespace cpi::net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// Listens on a free port of an address of loopback; the kernel completes connections though nobody accepts.
class Listener {
 public:
  explicit Listener(const char* address = "127.0.0.1") : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_storage storage{};
    socklen_t length = Address::parse(address)->to_sockaddr(0, storage);
    if (::bind(socket_.get(), reinterpret_cast<sockaddr*>(&storage), length) != 0 || ::listen(socket_.get(), 8) != 0)
      throw std::runtime_error("cannot listen");
    ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&storage), &length);
    port_ = ntohs(reinterpret_cast<sockaddr_in*>(&storage)->sin_port);
  }
  std::uint16_t port() const { return port_; }

 private:
  Descriptor socket_;
  std::uint16_t port_ = 0;
};

std::string peer_of(const Descriptor& socket) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  ::getpeername(socket.get(), reinterpret_cast<sockaddr*>(&storage), &length);
  return Address::from(reinterpret_cast<sockaddr*>(&storage), length)->text();
}

Resolver answering(std::vector<std::string> addresses) {
  return [addresses](const std::string&) -> Result<std::vector<Address>> {
    std::vector<Address> out;
    for (const std::string& address : addresses) out.push_back(*Address::parse(address));
    return out;
  };
}

EgressPolicy public_only(std::vector<std::string> allow = {}) { return EgressPolicy::make("public", allow).value(); }

TEST(Resolve, JudgesWhatTheResolverMakesOfASpelling) {
  for (const char* host : {"127.0.0.1", "127.1", "0177.0.0.1", "0x7f.1", "0x7f000001", "2130706433", "017700000001",
                           "[::1]", "::1", "[::ffff:127.0.0.1]", "::ffff:7f00:1", "localhost", "0:0:0:0:0:0:0:1"}) {
    const auto refused = resolve(host, public_only(), 5s);
    ASSERT_FALSE(refused.ok()) << host;
    EXPECT_EQ(refused.error().code, Code::kEgressRefused) << host << ": " << refused.error().message;
    EXPECT_TRUE(resolve(host, EgressPolicy(), 5s).ok()) << host;
  }
  for (const char* host : {"169.254.169.254", "0xA9FEA9FE", "2852039166", "0251.0376.0251.0376", "169.254.43518",
                           "[::ffff:169.254.169.254]", "::ffff:a9fe:a9fe", "[fe80::1]", "[fd00:ec2::254]",
                           "[64:ff9b::a9fe:a9fe]", "0", "0.0.0.0", "[::]"}) {
    const auto refused = resolve(host, EgressPolicy(), 5s);
    ASSERT_FALSE(refused.ok()) << host;
    EXPECT_EQ(refused.error().code, Code::kEgressRefused) << host << ": " << refused.error().message;
  }
}

TEST(Resolve, AnUnknownNameSaysSo) {
  const auto failed = resolve("host.invalid", EgressPolicy(), 20s);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code, Code::kHostUnreachable);
  EXPECT_THAT(failed.error().message, HasSubstr("host.invalid"));
}

TEST(Resolve, AResolverThatHangsIsNotWaitedForBeyondTheTime) {
  const auto release = std::make_shared<std::atomic<bool>>(false);
  const Resolver hanging = [release](const std::string&) -> Result<std::vector<Address>> {
    release->wait(false);
    return std::vector<Address>{};
  };
  const auto failed = resolve("slow.example", EgressPolicy(), 50ms, {}, hanging);
  ASSERT_FALSE(failed.ok());
  EXPECT_THAT(failed.error().message, HasSubstr("not found in time"));
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  const auto given_up = resolve("slow.example", EgressPolicy(), 1h, stop.get_token(), hanging);
  EXPECT_EQ(given_up.error().code, Code::kStopped);
  *release = true;
  release->notify_all();
}

TEST(Connect, GivesANonBlockingSocketToTheServer) {
  const Listener listener;
  const Result<Descriptor> socket = connect("127.0.0.1", listener.port(), EgressPolicy(), 5s);
  ASSERT_TRUE(socket.ok()) << socket.error().message;
  EXPECT_EQ(peer_of(*socket), "127.0.0.1");
  EXPECT_NE(::fcntl(socket->get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(Connect, TriesAllAddressesOfAName) {
  const Listener listener("127.0.0.2");
  const Result<Descriptor> socket =
      connect("two.example", listener.port(), EgressPolicy(), 5s, {}, answering({"127.0.0.1", "127.0.0.2"}));
  ASSERT_TRUE(socket.ok()) << socket.error().message;
  EXPECT_EQ(peer_of(*socket), "127.0.0.2");
}

TEST(Connect, PassesOverAddressesThatAreRefused) {
  const Listener listener("127.0.0.2");
  const Result<Descriptor> socket =
      connect("two.example", listener.port(), public_only({"127.0.0.2"}), 5s, {}, answering({"10.0.0.1", "127.0.0.2"}));
  ASSERT_TRUE(socket.ok()) << socket.error().message;
  EXPECT_EQ(peer_of(*socket), "127.0.0.2");
}

// DNS rebinding: the name answers with an allowed address when it is vetted and with a forbidden one ever after.
TEST(Connect, ANameThatChangesItsMindIsAskedOnceForEachConnection) {
  const Listener good("127.0.0.2");
  const auto asked = std::make_shared<std::atomic<int>>(0);
  const Resolver alternating = [asked](const std::string& host) {
    return answering({(*asked)++ % 2 == 0 ? "127.0.0.2" : "127.0.0.3"})(host);
  };
  const EgressPolicy rules = public_only({"127.0.0.2"});
  const Result<Descriptor> first = connect("rebind.example", good.port(), rules, 5s, {}, alternating);
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_EQ(peer_of(*first), "127.0.0.2");
  EXPECT_EQ(*asked, 1);
  const Result<Descriptor> second = connect("rebind.example", good.port(), rules, 5s, {}, alternating);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::kEgressRefused);
  EXPECT_EQ(*asked, 2);
}

TEST(Connect, SaysWhatEachAddressAnswered) {
  const Result<Descriptor> failed =
      connect("two.example", 1, EgressPolicy(), 5s, {}, answering({"127.0.0.1", "127.0.0.2"}));
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code, Code::kHostUnreachable);
  EXPECT_EQ(failed.error().message, "cannot connect to \"two.example\", port 1: Connection refused");
  EXPECT_EQ(failed.error().detail, "Tried 127.0.0.1: Connection refused; 127.0.0.2: Connection refused.");
  EXPECT_TRUE(is_retryable(failed.error().code));
}

TEST(Connect, AStopThatCameBeforeIsObeyed) {
  const Listener listener;
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(connect("127.0.0.1", listener.port(), EgressPolicy(), 5s, stop.get_token()).error().code, Code::kStopped);
}

}  // namespace
}  // namespace cpi::net
