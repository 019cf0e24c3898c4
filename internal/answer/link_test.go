package answer_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/internal/answer"
)

func TestNextLink(t *testing.T) {
	for name, tt := range map[string]struct {
		header []string
		want   string
		ok     bool
	}{
		"none":                       {nil, "", true},
		"blank":                      {[]string{" , ,"}, "", true},
		"one":                        {[]string{`<https://a.test/?page=2>; rel="next"`}, "https://a.test/?page=2", true},
		"a token":                    {[]string{`</b>;rel=next`}, "/b", true},
		"of several":                 {[]string{`</a>; rel="prev", </b>; rel="next", </c>; rel="last"`}, "/b", true},
		"of several headers":         {[]string{`</a>; rel="prev"`, `</b>; rel="next"`}, "/b", true},
		"of several relations":       {[]string{`</b>; rel="last  NEXT"`}, "/b", true},
		"the first of two":           {[]string{`</b>; rel=next, </c>; rel=next`}, "/b", true},
		"the first rel counts":       {[]string{`</b>; rel=prev; rel=next`}, "", true},
		"another relation":           {[]string{`</b>; rel="nextish"`}, "", true},
		"no relation":                {[]string{`</b>`}, "", true},
		"in another case":            {[]string{`</b>; REL="Next"`}, "/b", true},
		"other parameters":           {[]string{`</b> ; title="a, \"b\"; c" ; x; rel = "next" ; y=1 `}, "/b", true},
		"a comma and a semicolon":    {[]string{`</b?x=1,2;y>; rel="next"`}, "/b?x=1,2;y", true},
		"of another resource":        {[]string{`</b>; rel=next; anchor="#x"`}, "", true},
		"an empty parameter":         {[]string{`</b>; rel=next;`}, "/b", true},
		"before one that is broken":  {[]string{`</b>; rel=next, </c`}, "/b", true},
		"no brackets":                {[]string{`/b; rel=next`}, "", false},
		"an open bracket":            {[]string{`</b; rel=next`}, "", false},
		"an open text":               {[]string{`</b>; rel="next`}, "", false},
		"an escape at the end":       {[]string{`</b>; rel="next\`}, "", false},
		"a word after the brackets":  {[]string{`</b> next`}, "", false},
		"behind one that is broken":  {[]string{`</a>; title="`, `</b>; rel=next`}, "", false},
		"a relation with an escape":  {[]string{`</b>; rel="n\ext"`}, "/b", true},
		"an empty target is no page": {[]string{`<>; rel=next`}, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := answer.NextLink(http.Header{"Link": tt.header})
			if got != tt.want || ok != tt.ok {
				t.Errorf("NextLink = %q, %v; want %q, %v", got, ok, tt.want, tt.ok)
			}
		})
	}
}

func FuzzNextLink(f *testing.F) {
	for _, seed := range []string{`<https://a.test/?page=2>; rel="next", </c>; rel="last"`, `</b>; title="a, \"b\"; c"; rel=next`, `</b>;;rel`, `<>,`, `</b>; rel="next`, "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		target, ok := answer.NextLink(http.Header{"Link": {header}})
		if !strings.Contains(header, target) || target != "" && (!ok || !strings.Contains(header, "<"+target+">")) {
			t.Errorf("NextLink(%q) = %q, %v", header, target, ok)
		}
	})
}
