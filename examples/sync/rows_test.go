package main

import (
	"strings"
	"testing"
)

func TestReadReportsTheProblem(t *testing.T) {
	for name, tt := range map[string]struct {
		of, text, want string
	}{
		"empty":            {"contacts", "", "c.csv: expected a line of column names: EOF"},
		"no e-mail":        {"contacts", "name\nAna\n", "c.csv:1: expected a column email; got name"},
		"an empty one":     {"contacts", "email,name\na@b.c,Ana\n,Bruno\n", "c.csv:3: expected an e-mail address"},
		"a short line":     {"contacts", "email,name\na@b.c\n", "c.csv: record on line 2: wrong number of fields"},
		"a broken quote":   {"contacts", "email\n\"a\n", `c.csv: parse error on line 2, column 4: extraneous or missing " in quoted-field`},
		"no purchase":      {"purchases", "email\na@b.c\n", "c.csv:1: expected a column purchase_id; got email"},
		"a purchase twice": {"purchases", "purchase_id\nP-1\nP-2\nP-1\n", "c.csv:4: purchase P-1 occurs twice"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readContacts("c.csv", strings.NewReader(tt.text))
			if tt.of == "purchases" {
				_, err = readPurchases("c.csv", strings.NewReader(tt.text))
			}
			if err == nil || err.Error() != tt.want {
				t.Errorf("error %v; want %s", err, tt.want)
			}
		})
	}
}
