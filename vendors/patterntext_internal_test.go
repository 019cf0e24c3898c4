package vendors

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// The text of a pattern matches it, and its groups are what was said.
func TestPatternText(t *testing.T) {
	group := func(int, string) string { return "42" }
	for pattern, want := range map[string]string{
		`remaining=0; resets=(\d+)`:              "remaining=0; resets=42",
		`(?P<used>\d+)/(?P<limit>\d+)`:           "42/42",
		`(?:^|[ ;,])usage=(\d+)$`:                "usage=42",
		`Retry after (\S+)`:                      "Retry after 42",
		`x+y*z?[a-c]{2}. (\d+)`:                  "xzaax 42",
		`(?i)Wait.{3}(\d+)`:                      "WAITxxx42",
		`^[^;,]+;r=(\d+)`:                        "!;r=42",
		`\Ssec (\d+)`:                            "!sec 42",
		`r=0;t=(\d+`:                             "",
		`(\d+) (?s:.)(?:seconds|minutes) remain`: "42 xseconds remain",
	} {
		got := patternText(pattern, group)
		if isMatch := got == "" || regexp.MustCompile(pattern).FindStringSubmatch(got)[1] == "42"; !isMatch {
			t.Errorf("%s: %q does not match it with 42", pattern, got)
		}
		if strings.ContainsFunc(got, unicode.IsControl) {
			t.Errorf("%s: %q cannot be in a header", pattern, got)
		}
		if got == "" != (want == "") {
			t.Errorf("%s: %q; want one such as %q", pattern, got, want)
		}
	}
}
