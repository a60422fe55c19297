#!/bin/sh
# Go's encoding/asn1, which writes DER, writes a time in the zone that it has: 120000+0100, though DER allows only Z.
#
# Versions: Go 1.26.8, standard library alone.
# Guess: Marshal() turns a time.Time to UTC, as crypto/x509 does before it calls it: the package says that it writes DER,
#   and DER has one form for one moment.
# Behaviour: the same moment in two zones gives two encodings, of 13 and of 17 characters, for UTCTime and for
#   GeneralizedTime.
# Seen:
#   2024-06-15 11:00:00 UTC: UTCTime 240615110000Z
#   the same in zone +01:00: UTCTime 240615120000+0100
#   2050 in zone +01:00: GeneralizedTime 20500615120000+0100
#   read back and equal: true
# Source: X.690, 11.7.1 and 11.8.1 (the encoding shall terminate with Z); Go, encoding/asn1/marshal.go, appendTimeCommon().
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/it.go" <<'G'
package main

import (
	"encoding/asn1"
	"fmt"
	"os"
	"time"
)

var kinds = map[byte]string{asn1.TagUTCTime: "UTCTime", asn1.TagGeneralizedTime: "GeneralizedTime"}

func written(moment time.Time) string {
	der, err := asn1.Marshal(moment)
	if err != nil {
		panic(err)
	}
	return kinds[der[0]] + " " + string(der[2:])
}

func main() {
	moment := time.Date(2024, 6, 15, 11, 0, 0, 0, time.UTC)
	zone := time.FixedZone("", 3600)
	seen := []string{written(moment), written(moment.In(zone)), written(moment.In(zone).AddDate(26, 0, 0))}
	fmt.Println("2024-06-15 11:00:00 UTC:", seen[0])
	fmt.Println("the same in zone +01:00:", seen[1])
	fmt.Println("2050 in zone +01:00:", seen[2])
	var back [2]time.Time
	for i, m := range []time.Time{moment, moment.In(zone)} {
		der, _ := asn1.Marshal(m)
		if _, err := asn1.Unmarshal(der, &back[i]); err != nil {
			panic(err)
		}
	}
	fmt.Println("read back and equal:", back[0].Equal(back[1]))
	if fmt.Sprint(seen) != "[UTCTime 240615110000Z UTCTime 240615120000+0100 GeneralizedTime 20500615120000+0100]" || !back[0].Equal(back[1]) {
		fmt.Println("this has changed")
		os.Exit(1)
	}
}
G
GOTOOLCHAIN=local GO111MODULE=off timeout 300 go run "$dir/it.go"
