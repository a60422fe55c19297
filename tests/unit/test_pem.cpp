// PEM: does the scanner find every block, refuse every damaged one, and never look past the end?
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "pki/pem.h"

namespace {

// A copy that ends where its memory ends, so that a sanitizer sees a byte read behind it.
class Text {
 public:
  explicit Text(const std::string &text) : memory_(new uint8_t[text.size()]), size_(text.size()) {
    std::memcpy(memory_.get(), text.data(), size_);
  }
  rfctls__bytes bytes() const {
    return {memory_.get(), size_};
  }

 private:
  std::unique_ptr<uint8_t[]> memory_;
  size_t size_;
};

std::string block(const std::string &label, const std::string &body) {
  return "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n";
}

std::string string_of(rfctls__bytes bytes) {
  return {reinterpret_cast<const char *>(bytes.data), bytes.size};
}

// The labels of all blocks, or those up to the first failure, and then the failure's name.
std::vector<std::string> labels(const std::string &content) {
  Text text(content);
  std::vector<std::string> found;
  size_t offset = 0;
  for (;;) {
    rfctls__pem_block next;
    rfctls_status status = rfctls__pem_next(text.bytes(), &offset, &next);
    if (status != RFCTLS_OK) {
      found.push_back(rfctls_status_name(status));
    } else if (next.text.size > 0) {
      found.push_back(string_of(next.label));
      continue;
    }
    return found;
  }
}

// The decoded bytes, or "!" if they are refused.
std::string decoded(const std::string &body, const std::string &label = "X") {
  Text text("-----BEGIN " + label + "-----" + body + "-----END " + label + "-----");
  rfctls__pem_block found;
  size_t offset = 0;
  rfctls__buffer out = {};
  if (rfctls__pem_next(text.bytes(), &offset, &found) != RFCTLS_OK) {
    return "no block";
  }
  std::string result = "!";
  if (rfctls__pem_decode(&found, &out) == RFCTLS_OK) {
    result = string_of(rfctls__buffer_bytes(&out));
  }
  rfctls__buffer_release(&out);
  return result;
}

using Labels = std::vector<std::string>;

TEST(Pem, finds_every_block_in_its_order) {
  EXPECT_EQ((Labels{"A", "B B", "A"}),
            labels(block("A", "Zg==") + block("B B", "Zg==") + block("A", "Zg==")));
}

TEST(Pem, passes_over_text_around_the_blocks) {
  EXPECT_EQ((Labels{"A", "B"}),
            labels("subject=/CN=x\n\xef\xbb\xbf# -- --- ---- -----\n" + block("A", "Zg==") +
                   "-----END\n\n" + block("B", "Zg==") + "bye -----BEGI"));
}

TEST(Pem, takes_any_line_ends_or_none) {
  EXPECT_EQ((Labels{"A"}), labels("-----BEGIN A-----\r\nZg==\r\n-----END A-----\r\n"));
  EXPECT_EQ((Labels{"A"}), labels("-----BEGIN A-----\rZg==\r-----END A-----\r"));
  EXPECT_EQ((Labels{"A", "B"}), labels("-----BEGIN A-----Zg==-----END A-----"
                                       "-----BEGIN B-----Zg==-----END B-----"));
}

// RFC 7468 section 2: text around the blocks is for people, and may speak of them.
TEST(Pem, what_only_speaks_of_a_block_is_passed_over) {
  EXPECT_EQ((Labels{"A"}), labels("copy from -----BEGIN A----- to the end\n" + block("A", "Zg==")));
  EXPECT_EQ((Labels{"A"}), labels("it has -----BEGIN\n" + block("A", "Zg==") +
                                  "see \"-----BEGIN B-----\" and -----BEGIN -----\n"));
}

TEST(Pem, what_stands_behind_a_number_sign_is_no_block) {
  EXPECT_EQ((Labels{"A"}), labels("# -----BEGIN B-----\n# Zg==\n# -----END B-----\n" +
                                  block("A", "Zg==") + "\t# -----BEGIN B-----Zg==-----END B-----"));
}

TEST(Pem, a_whole_block_is_one_wherever_it_begins) {
  EXPECT_EQ((Labels{"A", "B"}), labels("it is " + block("A", "Zg==") + "," + block("B", "Zg==")));
}

TEST(Pem, a_block_at_the_begin_of_a_line_is_never_passed_over) {
  EXPECT_EQ((Labels{"E_PARSE"}),
            labels("-----BEGIN A----- is how it begins\n" + block("A", "Zg==")));
}

TEST(Pem, a_block_may_be_indented_marked_as_utf8_or_follow_another_at_once) {
  EXPECT_EQ((Labels{"A", "B"}),
            labels("  \t-----BEGIN A-----\n  Zg==\n  -----END A-----\n" + block("B", "Zg==")));
  EXPECT_EQ((Labels{"A", "B"}),
            labels("\xef\xbb\xbf" + block("A", "Zg==") + "\xef\xbb\xbf" + block("B", "Zg==")));
  EXPECT_EQ((Labels{"A", "B"}),
            labels("-----BEGIN A-----\nZg==\n-----END A-----  " + block("B", "Zg==")));
}

// What pem_tell says: "text", "not" or the message; and whether all of data is it.
std::string told(const std::string &data, size_t *left = nullptr) {
  Text text(data);
  rfctls__bytes bytes = text.bytes();
  int is_text = -1;
  rfctls_status status = rfctls__pem_tell(&bytes, &is_text);
  if (left != nullptr) {
    *left = bytes.size;
  }
  return status != RFCTLS_OK ? rfctls_error_message() : is_text ? "text" : "not";
}

std::string as_utf16(const std::string &text, bool big_endian) {
  std::string result;
  for (char c : text) {
    result += big_endian ? std::string{'\0', c} : std::string{c, '\0'};
  }
  return result;
}

TEST(Pem, text_and_asn1_are_told_apart) {
  EXPECT_EQ("text", told(""));
  EXPECT_EQ("text", told(block("A", "Zg==")));
  EXPECT_EQ("text", told("\xc3\xa4\r\n\t"));
  EXPECT_EQ("not", told(std::string("\x30\x03\x02\x01\x01", 5)));
  EXPECT_EQ("not", told(std::string("\x30\x03\x02\x01\x00", 5)));
}

TEST(Pem, nuls_behind_a_text_are_no_part_of_it) {
  const std::string text = block("A", "Zg==");
  size_t left = 0;
  EXPECT_EQ("text", told(text + std::string(1, '\0'), &left));
  EXPECT_EQ(text.size(), left);
  EXPECT_EQ("text", told(text + std::string(100, '\0'), &left));
  EXPECT_EQ(text.size(), left);
  EXPECT_EQ("text has a NUL or another control character in it",
            told(text + std::string(1, '\0') + text));
}

TEST(Pem, utf16_is_called_that) {
  for (bool big_endian : {true, false}) {
    const std::string text = as_utf16(block("A", "Zg=="), big_endian);
    const std::string mark = big_endian ? "\xfe\xff" : "\xff\xfe";
    EXPECT_EQ("text is in UTF-16: save it as UTF-8", told(text));
    EXPECT_EQ("text is in UTF-16: save it as UTF-8", told(mark + text));
  }
}

TEST(Pem, javas_own_store_is_called_that) {
  const std::string jks("\xfe\xed\xfe\xed\0\0\0\2", 8), jceks("\xce\xce\xce\xce\0\0\0\2", 8);
  EXPECT_NE(std::string::npos, told(jks).find("Java keystore"));
  EXPECT_NE(std::string::npos, told(jceks).find("Java keystore"));
}

TEST(Pem, an_empty_text_has_no_block) {
  size_t offset = 0;
  rfctls__pem_block found;
  EXPECT_EQ(RFCTLS_OK, rfctls__pem_next({nullptr, 0}, &offset, &found));
  EXPECT_EQ(0u, found.text.size);
  EXPECT_EQ(Labels{}, labels("nothing\n"));
}

TEST(Pem, a_block_spans_from_its_first_to_its_last_dash) {
  Text text("x" + block("A", "Zg==") + "y");
  size_t offset = 0;
  rfctls__pem_block found;
  ASSERT_EQ(RFCTLS_OK, rfctls__pem_next(text.bytes(), &offset, &found));
  EXPECT_EQ("-----BEGIN A-----\nZg==\n-----END A-----", string_of(found.text));
  EXPECT_EQ(1 + found.text.size, offset);
}

TEST(Pem, refuses_a_block_without_its_own_end) {
  EXPECT_EQ((Labels{"E_PARSE"}), labels("-----BEGIN A-----\nZg==\n"));
  EXPECT_EQ((Labels{"E_PARSE"}), labels("-----BEGIN A-----\nZg==\n-----END B-----\n"));
  EXPECT_EQ((Labels{"E_PARSE"}), labels("-----BEGIN A-----\nZg==\n-----END A\n"));
  EXPECT_EQ((Labels{"E_PARSE"}), labels("-----BEGIN A-----\nZg==\n-----END AB-----\n"));
  EXPECT_EQ((Labels{"A", "E_PARSE"}),
            labels(block("A", "Zg==") + "-----BEGIN A-----\nZg==\n" + block("A", "Zg==")));
}

TEST(Pem, refuses_a_block_without_a_label) {
  EXPECT_EQ((Labels{"E_PARSE"}), labels("-----BEGIN -----\nZg==\n-----END -----\n"));
  EXPECT_EQ((Labels{"E_PARSE"}), labels("-----BEGIN A\nZg==\n-----END A-----\n"));
  EXPECT_EQ((Labels{"E_PARSE"}), labels(block(std::string(65, 'A'), "Zg==")));
  EXPECT_EQ((Labels{std::string(64, 'A')}), labels(block(std::string(64, 'A'), "Zg==")));
}

TEST(Pem, the_error_names_the_line) {
  labels(block("A", "Zg==") + "\n-----BEGIN B-----\nZg==\n");
  EXPECT_STREQ("PEM block on line 5 has no end, or another one's", rfctls_error_message());
}

TEST(Pem, every_beginning_of_a_text_is_read_to_its_end_only) {
  const std::string whole = "x\n" + block("CERTIFICATE", "Zm9v") + "-----BEGIN -----";
  for (size_t size = 0; size <= whole.size(); size++) {
    Labels found = labels(whole.substr(0, size));
    EXPECT_LE(found.size(), 2u);
  }
}

TEST(Pem, hostile_texts_cost_linear_time) {
  const size_t size = 4 << 20; /* squared, it outlasts any time limit */
  std::string begins, blocks, blanks;
  while (begins.size() < size) {
    begins += "-----BEGIN ";
    blocks += block("A", "Zg==");
    blanks += " -----BEGIN A-----";
  }
  EXPECT_EQ(Labels{}, labels(std::string(size, '-')));
  EXPECT_EQ((Labels{"E_PARSE"}), labels(begins));
  EXPECT_EQ(Labels{}, labels("x" + begins));
  EXPECT_EQ(Labels{}, labels("x" + blanks));
  EXPECT_EQ(Labels{}, labels("#" + blanks));
  EXPECT_EQ(begins.size() / 11, labels(blocks).size());
}

TEST(Pem, decodes_the_vectors_of_rfc_4648) {
  EXPECT_EQ("f", decoded("Zg=="));
  EXPECT_EQ("fo", decoded("Zm8="));
  EXPECT_EQ("foo", decoded("Zm9v"));
  EXPECT_EQ("foob", decoded("Zm9vYg=="));
  EXPECT_EQ("fooba", decoded("Zm9vYmE="));
  EXPECT_EQ("foobar", decoded("Zm9vYmFy"));
}

TEST(Pem, decodes_the_whole_alphabet) {
  std::string all = decoded("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
  ASSERT_EQ(48u, all.size());
  for (size_t i = 0; i < 64; i++) {
    size_t bit = i * 6;
    unsigned value = 0;
    for (size_t b = bit; b < bit + 6; b++) {
      value = value << 1 | (static_cast<uint8_t>(all[b / 8]) >> (7 - b % 8) & 1u);
    }
    EXPECT_EQ(i, value);
  }
}

TEST(Pem, white_space_may_stand_anywhere_in_base64) {
  EXPECT_EQ("foobar", decoded("\r\n Zm 9v\r\n\tYmF\ny \n"));
}

TEST(Pem, refuses_what_is_not_base64) {
  for (const char *body :
       {"", "\n", "Zg", "Zg=", "Zg===", "Z===", "====", "Zm9", "Z", "Zg==Zg==", "Zm9vYg=", "Zg=v",
        "Zm9v=", "Zm9v====", "Zm-9", "Zm9_", "Zm9.", "Zm\x80v", "Proc-Type: 4,ENCRYPTED\n\nZm9v"}) {
    EXPECT_EQ("!", decoded(body)) << body;
  }
  EXPECT_EQ("!", decoded(std::string("Zm9v\0", 5)));
}

TEST(Pem, refuses_spare_bits_that_are_not_zero) {
  EXPECT_EQ("!", decoded("Zh=="));
  EXPECT_EQ("!", decoded("Zm9="));
}

TEST(Pem, what_cannot_be_decoded_adds_nothing) {
  Text text(block("A", "Zm9v!"));
  rfctls__pem_block found;
  size_t offset = 0;
  rfctls__buffer out = {};
  ASSERT_EQ(RFCTLS_OK, rfctls__buffer_append(&out, "before", 6));
  ASSERT_EQ(RFCTLS_OK, rfctls__pem_next(text.bytes(), &offset, &found));
  EXPECT_EQ(RFCTLS_E_PARSE, rfctls__pem_decode(&found, &out));
  EXPECT_EQ("before", string_of(rfctls__buffer_bytes(&out)));
  rfctls__buffer_release(&out);
}

rfctls__pem_kind kind_of(const char *label) {
  rfctls__pem_block block = {{reinterpret_cast<const uint8_t *>(label), std::strlen(label)}, {}};
  return rfctls__pem_kind_of(&block);
}

TEST(Pem, knows_the_labels_of_private_keys) {
  for (const char *label :
       {"PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"}) {
    EXPECT_EQ(RFCTLS__PEM_KEY, kind_of(label)) << label;
  }
  for (const char *label : {"PUBLIC KEY", "CERTIFICATE", "EC PARAMETERS", "PRIVATE KEY "}) {
    EXPECT_NE(RFCTLS__PEM_KEY, kind_of(label)) << label;
  }
}

TEST(Pem, knows_the_labels_of_certificates) {
  EXPECT_EQ(RFCTLS__PEM_CERT, kind_of("CERTIFICATE"));
  EXPECT_EQ(RFCTLS__PEM_CERT, kind_of("X509 CERTIFICATE"));
  EXPECT_EQ(RFCTLS__PEM_TRUSTED, kind_of("TRUSTED CERTIFICATE"));
  EXPECT_EQ(RFCTLS__PEM_PKCS7, kind_of("PKCS7"));
  EXPECT_EQ(RFCTLS__PEM_UNKNOWN, kind_of("CERTIFICATE "));
}

TEST(Pem, what_it_looks_for_is_found_among_what_it_knows) {
  Text text(block("EC PARAMETERS", "Zg==") + block("X509 CRL", "Zg==") +
            block("CERTIFICATE", "Zg=="));
  size_t offset = 0;
  rfctls__pem_block found;
  rfctls__pem_kind kind = RFCTLS__PEM_UNKNOWN;
  ASSERT_EQ(RFCTLS_OK, rfctls__pem_find(text.bytes(), &offset, RFCTLS__PEM_CERT | RFCTLS__PEM_KEY,
                                        &found, &kind));
  EXPECT_EQ(RFCTLS__PEM_CERT, kind);
  ASSERT_EQ(RFCTLS_OK, rfctls__pem_find(text.bytes(), &offset, RFCTLS__PEM_CERT, &found, &kind));
  EXPECT_EQ(0u, found.text.size);
}

TEST(Pem, a_block_of_no_known_kind_is_never_passed_over) {
  Text text(block("CERTIFICATE", "Zg==") + block("ATTRIBUTE CERTIFICATE", "Zg=="));
  size_t offset = 0;
  rfctls__pem_block found;
  rfctls__pem_kind kind;
  ASSERT_EQ(RFCTLS_OK, rfctls__pem_find(text.bytes(), &offset, RFCTLS__PEM_CERT, &found, &kind));
  EXPECT_EQ(RFCTLS_E_PARSE,
            rfctls__pem_find(text.bytes(), &offset, RFCTLS__PEM_CERT, &found, &kind));
  EXPECT_STREQ("PEM block ATTRIBUTE CERTIFICATE on line 4 is of no known kind",
               rfctls_error_message());
}

}  // namespace
