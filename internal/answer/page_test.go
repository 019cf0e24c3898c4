package answer_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/policy"
)

// The places of a page may be at any depth, and in a list.
func TestPageOf(t *testing.T) {
	p := policy.Paging{Style: policy.PageByCursor, Items: "/a/0/b~1c", Next: "/a/1", Param: "x"}
	page, err := answer.PageOf(p, nil, []byte(`{"a":[{"b/c":[1,2]},"next"]}`))
	if err != nil || string(page.Items) != "[1,2]" {
		t.Fatalf("items %s, error %v", page.Items, err)
	}
	if next, err := page.After(2, 0); next != "next" || err != nil {
		t.Errorf("After = %q, %v", next, err)
	}
	for _, body := range []string{`{`, ``, `{}{}`} {
		if _, err := answer.PageOf(p, nil, []byte(body)); err == nil || errors.As(err, new(answer.PageProblem)) {
			t.Errorf("PageOf(%q): %v; want an error that is not about the page", body, err)
		}
	}
	for _, body := range []string{`[]`, `1`, `null`, `{"a":1}`, `{"a":[]}`} {
		if _, err := answer.PageOf(p, nil, []byte(body)); !errors.As(err, new(answer.PageProblem)) {
			t.Errorf("PageOf(%q): %v; want a problem", body, err)
		}
	}
}

// What says nothing is the end of a list, and so is what says false or 0.
func TestPageEnds(t *testing.T) {
	p := policy.Paging{Style: policy.PageByNumber, Items: "/i", Param: "x", More: "/more"}
	for more, want := range map[string]string{
		`true`: "3", `"x"`: "3", `1`: "3", `{"a":1}`: "3", `[0]`: "3", `"true"`: "3",
		`false`: "", `null`: "", `0`: "", `""`: "", `{}`: "", `[]`: "", `"false"`: "",
	} {
		page, err := answer.PageOf(p, nil, []byte(`{"i":[1],"more":`+more+`}`))
		if err != nil {
			t.Fatal(err)
		}
		if next, err := page.After(1, 2); next != want || err != nil {
			t.Errorf("more %s: After = %q, %v; want %q", more, next, err, want)
		}
	}
}

func TestWithMember(t *testing.T) {
	for name, tt := range map[string]struct {
		document, place string
		value           any
		want            string // empty: an error
	}{
		"a new one":            {`{"b":2}`, "/a", "x", `{"a":"x","b":2}`},
		"in place of one":      {`{"a":1}`, "/a", 7, `{"a":7}`},
		"at a depth":           {`{"v":{"b":[1e400]}}`, "/v/a", "x", `{"v":{"a":"x","b":[1e400]}}`},
		"on a way that is new": {`{}`, "/v/w/a", "x", `{"v":{"w":{"a":"x"}}}`},
		"in null":              {`null`, "/a", 1, `{"a":1}`},
		"in nothing":           {``, "/a", 1, `{"a":1}`},
		"in a list":            {`[1]`, "/0", 1, ""},
		"in a text":            {`{"v":"x"}`, "/v/a", 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := answer.WithMember(json.RawMessage(tt.document), tt.place, tt.value)
			if string(got) != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("WithMember = %s, %v; want %s", got, err, tt.want)
			}
		})
	}
}

// Whatever a body is, a page of it is a list, and continues elsewhere or not at all.
func FuzzPage(f *testing.F) {
	pagings := []policy.Paging{
		{Style: policy.PageByCursor, Items: "/items", Next: "/paging/next/after", Param: "after", More: "/more"},
		{Style: policy.PageByCursor, Items: "", LastItem: "/id", Param: "after"},
		{Style: policy.PageByNumber, Items: "/items", Param: "page", LastPage: "/last", OmitsEmpty: true},
		{Style: policy.PageByOffset, Items: "/items", Param: "offset", Total: "/total"},
		{Style: policy.PageByLink, Items: "/items", Next: "/paging/next", Done: "/done"},
	}
	for _, seed := range []string{
		`{"items":[{"id":1}],"paging":{"next":{"after":"x"}},"more":true,"last":3,"total":"9"}`, `[{"id":"a"},{"id":null}]`,
		`{"items":null,"last":99999999999999999999}`, `{"items":[],"done":false,"paging":{"next":"/x"}}`, `{"items":{"0":1}}`, `null`, `{`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, p := range pagings {
			page, err := answer.PageOf(p, http.Header{}, body)
			if err != nil {
				continue
			}
			var items []json.RawMessage
			if len(page.Items) > 0 && json.Unmarshal(page.Items, &items) != nil {
				continue
			}
			next, err := page.After(len(items), 5)
			if err != nil && next != "" || len(next) > 8<<10 || p.Style != policy.PageByCursor && p.Style != policy.PageByLink && next == "5" {
				t.Errorf("%v: After = %q, %v for %q", p.Style, next, err, body)
			}
		}
	})
}
