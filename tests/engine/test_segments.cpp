// Does an engine lose nothing however its bytes come: one at a time, or all at once?
#include "engine/pair.hpp"

namespace rfctls_test {
namespace {

constexpr size_t kMuch = 8 << 20;

class Segments : public EachVersion {
 protected:
  // Hands records to an end, `portion` bytes at a time, and returns what it makes of them.
  static std::string carry(const std::string &records, End &to, size_t portion) {
    std::string all, room(1 << 16, '\0');
    for (size_t at = 0; at < records.size(); at += portion) {
      size_t size = std::min(portion, records.size() - at), given = 0;
      require(rfctls__buffer_append(to.in.get(), records.data() + at, size), "append");
      while (to.decrypt_into(room, &given) == RFCTLS_OK && given > 0) {
        all.append(room, 0, given);
      }
    }
    return all;
  }
  // All of data as records.
  static std::string seal(End &from, const std::string &data) {
    for (size_t sent = 0, taken = 0; sent < data.size(); sent += taken) {
      EXPECT_EQ(from.encrypt(data.substr(sent, RFCTLS__STEP), &taken), RFCTLS_OK);
      if (taken == 0) {
        break;
      }
    }
    return from.out.take();
  }
  // An end of another process takes its bytes in calls that are too dear for one a byte.
  static size_t portion_of(rfctls_role role, size_t portion) {
    bool here = std::string(engine_of(role).name) == engine().name;
    return here ? portion : std::max<size_t>(portion, 1 << 16);
  }
  void exchange(size_t portion) {
    Pair pair(client(), server_plan());
    pair.shake(portion);
    ASSERT_EQ(pair.client.status, RFCTLS_OK) << pair.client.failure.message;
    ASSERT_EQ(pair.server.status, RFCTLS_OK) << pair.server.failure.message;
    std::string up = pattern(kMuch), down = pattern(kMuch - 1);
    EXPECT_TRUE(carry(seal(pair.client, up), pair.server, portion_of(RFCTLS_SERVER, portion)) ==
                up);
    EXPECT_TRUE(carry(seal(pair.server, down), pair.client, portion_of(RFCTLS_CLIENT, portion)) ==
                down);
  }
};
RFCTLS_EACH_VERSION(Segments);

TEST_P(Segments, of_one_byte_carry_eight_mebibytes_each_way) {
  exchange(1);
}

TEST_P(Segments, of_seven_bytes_cut_every_header) {
  exchange(7);
}

TEST_P(Segments, that_join_everything_carry_eight_mebibytes_each_way) {
  exchange(2 * kMuch);
}

}  // namespace
}  // namespace rfctls_test
