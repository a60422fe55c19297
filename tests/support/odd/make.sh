#!/usr/bin/env bash
# Makes all files here anew: needs OpenSSL 3.5 or newer with its provider "legacy", and a JDK.
set -eu
cd "$(dirname "$0")"
rm -f -- *.p12 *.key *.pem *.jks
old=(-provider legacy -provider default)

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout odd.key -out odd.pem -days 9000 \
  -subj /CN=odd.test -addext subjectAltName=DNS:odd.test
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key -out other.pem -days 9000 \
  -subj /CN=other.test -addext subjectAltName=DNS:other.test

pkcs12() { # NAME OPTIONS...
  name=$1
  shift
  openssl pkcs12 -export -legacy -inkey odd.key -in odd.pem -passout pass:secret -name odd "$@" -out "$name"
}
pkcs12 rc2.p12
pkcs12 rc4.p12 -certpbe PBE-SHA1-RC4-128 -keypbe PBE-SHA1-RC4-40
pkcs12 rc2-nomac.p12 -nomac -certpbe PBE-SHA1-RC2-128 -keypbe PBE-SHA1-RC2-40
openssl pkcs12 -export -legacy -inkey odd.key -in odd.pem -passout "pass:Ã¤" -out bytewise.p12

for algorithm in MD5-DES SHA1-DES SHA1-RC4-128 SHA1-RC2-40; do
  openssl pkcs8 -topk8 "${old[@]}" -v1 PBE-$algorithm -in odd.key -passout pass:secret -out "$algorithm.key"
done
openssl pkcs8 -topk8 "${old[@]}" -v2 des -in odd.key -passout pass:secret -outform DER -out pbes2-des.key.der
openssl ec "${old[@]}" -des -in odd.key -passout pass:secret -out rfc1421-des.key
openssl ec "${old[@]}" -seed -in odd.key -passout pass:secret -out rfc1421-seed.key

java() { keytool -noprompt -storepass changeit "$@"; }
java -importcert -alias odd -file odd.pem -storetype PKCS12 -keystore java-trust.p12
java -importcert -alias odd -file odd.pem -storetype PKCS12 -keystore java-trust-old.p12 \
  -J-Dkeystore.pkcs12.legacy
java -importcert -alias odd -file odd.pem -storetype PKCS12 -keystore java-trust-open.p12 \
  -J-Dkeystore.pkcs12.macAlgorithm=NONE -J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE
java -importcert -alias odd -file odd.pem -storetype JKS -keystore java.jks
openssl pkcs12 -export -inkey other.key -in other.pem -passout pass:secret -name other -out other.p12
for store in rc2.p12 other.p12; do
  java -importkeystore -srckeystore $store -srcstorepass secret -deststoretype PKCS12 -destkeystore java-two.p12
done
rm other.p12 other.key other.pem

# The three forms of RFC 9881: the seed alone, the expanded key alone, both.
openssl genpkey -algorithm ML-DSA-44 -provparam ml-dsa.output_formats=seed-only -out ml-dsa.key
for form in priv-only:expanded seed-priv:both; do
  openssl pkey -in ml-dsa.key -provparam ml-dsa.output_formats=${form%:*} -out ml-dsa-${form#*:}.key
done
openssl req -x509 -key ml-dsa.key -out ml-dsa.pem -days 36500 -subj /CN=server.test \
  -addext subjectAltName=DNS:server.test
